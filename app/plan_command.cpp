// sinter plan: what the planner chooses for a run file, and why. Starts no backend.
#include <nlohmann/json.hpp>

#include <sinter/app/commands.hpp>
#include <sinter/app/machine_profile.hpp>
#include <sinter/app/modules.hpp>
#include <sinter/app/problem.hpp>
#include <sinter/app/run_record.hpp>

namespace sinter::app {
namespace {

/// The space that `auto` would take here, where there is one.
std::string resolved_space(const DeviceSpec& device) {
  const auto machine = this_machine();
  try {
    return choose_module(device, read_modules(module_folders(), machine), machine).space;
  } catch (const NotCompiled&) {
    return device.space;  // a plan needs no backend
  }
}

}  // namespace

int plan(const PlanOptions& options, Console& console) {
  auto run_file = read_run_file(options.run_file, options.overrides);
  const auto space = resolved_space(run_file.device);
  const auto problem = load_problem(std::move(run_file), device_kind_of(space));
  const auto& [run, data, plan] = problem;
  const auto profile = default_profile_path();
  const auto peaks = read_profile(profile, space);

  console.say("plan for {}: {}, {}, {} training rows", run.run.name, model_text(run.model),
              to_name(run.device.precision), plan.training_rows);
  console.say("  batches of {}{}, {} step{} an epoch, each batch in {} chunk{}", plan.batch,
              plan.last_batch_smaller ? " (the last of an epoch is smaller)" : "", plan.steps_per_epoch,
              plan.steps_per_epoch == 1 ? "" : "s", plan.chunks, plan.chunks == 1 ? "" : "s");
  console.say("");
  std::vector<std::vector<std::string>> rows{
      {"level", "launches/step", "FLOP/step", "bytes/step", "FLOP/byte", "workspace"}};
  if (peaks) rows.front().emplace_back("predicted");
  std::string reasons;
  const auto add = [&](const LevelCost& cost, const char* mark) {
    rows.push_back({fmt::format("{}{}", to_name(cost.level), mark), fmt::to_string(cost.launches),
                    fmt::format("{:.4g}", cost.flops), bytes_text(cost.compulsory_bytes),
                    fmt::format("{:.3g}", cost.flops / cost.compulsory_bytes),
                    bytes_text(static_cast<double>(cost.workspace_bytes))});
    if (peaks)
      rows.back().push_back(fmt::format("{:.4g} us", 1e6 * predicted_step_s(cost, *peaks, run.device.precision)));
    reasons += fmt::format("\n  {}: {}", to_name(cost.level), cost.reason);
  };
  add(plan.chosen, " *");
  for (const auto& other : plan.others) add(other, "");
  console.say("{}\n  * chosen{}\n{}", table(rows),
              run.training.fusion == Fusion::automatic ? "" : ", as the run file asks", reasons);
  if (peaks) {
    console.say("\n  predicted at the peaks in {}; they do not affect the choice", profile.string());
  } else {
    console.say("\n  no predicted times: {} has no peaks of '{}' (sinter info --measure --space SPACE)",
                profile.string(), space);
  }

  Json record{{"name", run.run.name},
              {"precision", to_name(run.device.precision)},
              {"parameters", run.model.parameter_count()}};
  record_plan(record, plan);
  if (peaks) record["predicted_step_s"] = predicted_step_s(plan.chosen, *peaks, run.device.precision);
  console.result(record_text(record));
  return 0;
}

}  // namespace sinter::app
