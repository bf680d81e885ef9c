// The effective run file: every key that has an effect, with its value, in the schema's order; the plan as comments
// above.
#include <sinter/inputs/run_file.hpp>

#include <fmt/format.h>

#include <sinter/inputs/schema.hpp>
#include <sinter/runtime/base/version.hpp>

namespace sinter {
namespace {

std::string plan_comment(const LevelCost& cost, std::string_view role) {
  auto text = fmt::format("#   {} {}: ", role, to_name(cost.level));
  if (!cost.possible) return text + fmt::format("not possible: {}\n", cost.reason);
  const auto per = cost.steps_per_launch == 1 ? "a step" : fmt::format("for {} steps", cost.steps_per_launch);
  text += fmt::format("{} launch{} {}, {:.3g} FLOP and {:.3g} bytes a step, {} bytes of workspace", cost.launches,
                      cost.launches == 1 ? "" : "es", per, cost.flops, cost.compulsory_bytes, cost.workspace_bytes);
  if (cost.row_tile > 0)
    text += fmt::format(", {} rows and {} bytes of scratch a team", cost.row_tile, cost.scratch_bytes);
  return text + fmt::format("\n#     {}\n", cost.reason);
}

}  // namespace

std::string effective_yaml(const RunFile& run, const Plan& plan) {
  using namespace inputs::detail;
  std::string text = fmt::format(
      "# Written by sinter {}: every key that has an effect, with its value. It is a run file itself.\n", version());
  text += fmt::format("# Plan for {} {}: {} training rows, batches of {}{}, {} step{} an epoch, {} chunk{}\n",
                      plan.kind == DeviceKind::host ? "a" : "an", to_name(plan.kind), plan.training_rows, plan.batch,
                      plan.last_batch_smaller ? " (the last is smaller)" : "", plan.steps_per_epoch,
                      plan.steps_per_epoch == 1 ? "" : "s", plan.chunks, plan.chunks == 1 ? "" : "s");
  text += plan_comment(plan.chosen, "chosen:");
  for (const auto& other : plan.others) text += plan_comment(other, "instead of");

  Draft draft;
  draft.file = run;
  std::vector<std::string> open;  // groups that the last line stands in
  for (const auto& key : schema()) {
    if (key.applies && !key.applies(draft)) continue;
    const auto value = key.write(run);
    if (value.empty()) continue;
    std::vector<std::string> names;
    for (std::size_t from = 0; from != std::string::npos;) {
      const auto dot = key.path.find('.', from);
      names.push_back(key.path.substr(from, dot == std::string::npos ? dot : dot - from));
      from = dot == std::string::npos ? dot : dot + 1;
    }
    std::size_t common = 0;
    while (common < open.size() && common + 1 < names.size() && open[common] == names[common]) ++common;
    for (auto depth = common; depth < names.size(); ++depth) {
      text += fmt::format("{:{}}{}:", "", 2 * depth, names[depth]) +
              (depth + 1 == names.size() ? " " + value + "\n" : "\n");
    }
    names.pop_back();
    open = std::move(names);
  }
  return text;
}

}  // namespace sinter
