// sinter plan: what the planner chooses for a run file, and why, with the times that a machine profile predicts. Starts
// no backend.
#include <algorithm>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <sinter/app/commands.hpp>
#include <sinter/app/machine_profile.hpp>
#include <sinter/app/modules.hpp>
#include <sinter/app/problem.hpp>
#include <sinter/app/run_record.hpp>
#include <sinter/models/plan/prediction.hpp>

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

/// The space to plan for, and its machine where there is a profile of it.
struct Target {
  std::string space;
  std::optional<MachineModel> machine;
  std::filesystem::path profile;
};

Target target_of(const PlanOptions& options, const DeviceSpec& device) {
  if (!options.machine.empty()) {
    auto found = find_machine(options.machine, device.space);
    return {found.space, found.machine, found.profile};
  }
  Target target{resolved_space(device), std::nullopt, default_profile_path()};
  target.machine = read_profile(target.profile, target.space);
  return target;
}

/// "3", or "1 in 20" where a launch spans steps.
std::string launches_text(const LevelCost& cost) {
  return cost.steps_per_launch > 1 ? fmt::format("{} in {}", cost.launches, cost.steps_per_launch)
                                   : fmt::to_string(cost.launches);
}

std::string time_text(double seconds) {
  return seconds < 1e-3 ? fmt::format("{:.4g} us", 1e6 * seconds) : fmt::format("{:.4g} ms", 1e3 * seconds);
}

Json prediction_json(const Prediction& prediction) {
  return {{"step_s", prediction.step_s},        {"compute_s", prediction.compute_s},
          {"memory_s", prediction.memory_s},    {"latency_s", prediction.latency_s},
          {"bound", to_name(prediction.bound)}, {"peak_fraction", prediction.peak_fraction}};
}

}  // namespace

int plan(const PlanOptions& options, Console& console) {
  auto run_file = read_run_file(options.run_file, options.overrides);
  const auto target = target_of(options, run_file.device);
  const auto problem = load_problem(std::move(run_file), device_kind_of(target.space));
  const auto& [run, data, plan] = problem;
  const auto members = run.ensemble.members;

  console.say("plan for {}: {}, {}, {} training rows", run.run.name, model_text(run.model),
              to_name(run.device.precision), plan.training_rows);
  if (members > 0) {
    console.say("  an ensemble of {} such networks, all of them in each launch", members);
    console.say("  each has its own {}; {}", fmt::join(member_lists(run.ensemble), ", "), optimizer_text(run));
  }
  console.say("  for {} ({})", target.space, to_name(plan.kind));
  console.say("  batches of {}{}, {} step{} an epoch, each batch in {} chunk{}", plan.batch,
              plan.last_batch_smaller ? " (the last of an epoch is smaller)" : "", plan.steps_per_epoch,
              plan.steps_per_epoch == 1 ? "" : "s", plan.chunks, plan.chunks == 1 ? "" : "s");
  console.say("");

  std::vector<std::vector<std::string>> rows{
      {"level", "launches", "FLOP", "bytes", "FLOP/byte", "team scratch", "workspace"}};
  if (target.machine) rows.front().insert(rows.front().end(), {"predicted", "bound", "of peak"});
  std::string reasons;
  Json predictions = Json::object();
  const auto add = [&](const LevelCost& cost, const char* mark) {
    reasons += fmt::format("\n  {}: {}", to_name(cost.level), cost.reason);
    rows.push_back({fmt::format("{}{}", to_name(cost.level), mark)});
    auto& row = rows.back();
    if (!cost.possible) {
      row.resize(rows.front().size(), "-");
      return;
    }
    row.insert(row.end(), {launches_text(cost), fmt::format("{:.4g}", cost.flops), bytes_text(cost.compulsory_bytes),
                           fmt::format("{:.3g}", cost.flops / cost.compulsory_bytes),
                           bytes_text(static_cast<double>(cost.scratch_bytes)),
                           bytes_text(static_cast<double>(cost.workspace_bytes))});
    if (!target.machine) return;
    const auto prediction = predict_step(run.model, run.training, run.device.precision, plan, cost, *target.machine,
                                         member_optimizers(run));
    predictions[std::string(to_name(cost.level))] = prediction_json(prediction);
    row.insert(row.end(), {time_text(prediction.step_s), std::string(to_name(prediction.bound)),
                           fmt::format("{:.3g} %", 100 * prediction.peak_fraction)});
  };
  if (members > 0) {
    add(plan.chosen, "");
    console.say("{}\n  a step of all members; ensembles have this level alone\n{}", table(rows), reasons);
  } else {
    add(plan.chosen, " *");
    for (const auto& other : plan.others) add(other, "");
    console.say("{}\n  a step of each level; * chosen{}\n{}", table(rows),
                run.training.fusion == Fusion::automatic ? "" : ", as the run file asks", reasons);
  }
  if (target.machine) {
    console.say("\n  predicted for {} with the peaks in {}; they do not affect the choice", target.machine->name,
                target.profile.string());
  } else {
    console.say(
        "\n  no predicted times: {} has no peaks of '{}' (sinter info --measure --space SPACE, or --machine "
        "with one of {})",
        target.profile.string(), target.space, fmt::join(shipped_machines(), ", "));
  }

  std::vector<std::int64_t> widths{run.model.inputs};
  for (const auto& layer : run.model.layers) widths.push_back(layer.width);
  Json record{{"name", run.run.name},
              {"space", target.space},
              {"precision", to_name(run.device.precision)},
              {"model", {{"type", to_name(run.model.type)}, {"widths", widths}}},
              {"parameters", run.model.parameter_count()},
              {"fusion", to_name(run.training.fusion)}};
  record_plan(record, plan);
  if (target.machine) {
    record["machine"] = {{"name", target.machine->name}, {"profile", target.profile.string()}};
    record["predicted"] = predictions;
    record["predicted_step_s"] = predictions[std::string(to_name(plan.level))]["step_s"];
  }
  console.result(record_text(record));
  return 0;
}

}  // namespace sinter::app
