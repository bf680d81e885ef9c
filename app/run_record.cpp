#include <sinter/app/run_record.hpp>

#include <algorithm>

#include <fmt/format.h>
#include <hdf5.h>
#include <nlohmann/json.hpp>

#include <sinter/app/exit_codes.hpp>
#include <sinter/app/host_facts.hpp>
#include <sinter/runtime/base/version.hpp>

namespace sinter::app {
namespace {

Json cost_json(const LevelCost& cost) {
  if (!cost.possible) return {{"level", to_name(cost.level)}, {"possible", false}, {"reason", cost.reason}};
  return {{"level", to_name(cost.level)},
          {"possible", true},
          {"launches", cost.launches},
          {"steps_per_launch", cost.steps_per_launch},
          {"flops", cost.flops},
          {"element_flops", cost.element_flops},
          {"compulsory_bytes", cost.compulsory_bytes},
          {"inner_bytes", cost.inner_bytes},
          {"scratch_bytes", cost.scratch_bytes},
          {"row_tile", cost.row_tile},
          {"workspace_bytes", cost.workspace_bytes},
          {"reason", cost.reason}};
}

Json set_json(const SetReport& report) {
  Json json = Json::object();
  for (const auto& [name, value] : report.metrics) json[name] = value;
  for (std::int64_t actual = 0; actual < report.classes; ++actual) {
    const auto row = report.confusion.begin() + actual * report.classes;
    json["confusion"].push_back(std::vector<std::int64_t>(row, row + report.classes));
  }
  return json;
}

double rate(double count, double seconds) { return seconds > 0 ? count / seconds : 0.0; }

}  // namespace

Json begin_record(const RunFile& run, const std::string& run_file) {
  const auto host = host_facts();
  return {{"status", "running"},
          {"name", run.run.name},
          {"run_file", run_file},
          {"started", utc_now()},
          {"seed", run.run.seed},
          {"precision", to_name(run.device.precision)},
          {"host", {{"name", host.name}, {"os", host.os}, {"cpu", host.cpu}, {"cpus", host.cpus}}},
          {"versions",
           {{"sinter", version()},
            {"interface", backend::interface_version},
            {"hdf5", fmt::format("{}.{}.{}", H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE)},
            {"compiler", SINTER_COMPILER}}}};
}

void record_device(Json& record, const RunFile& run, const Choice& choice, const backend::DeviceInfo& device) {
  record["device"] = device.space;
  record["device_info"] = {{"requested", run.device.space},
                           {"name", device.name},
                           {"concurrency", device.concurrency},
                           {"memory_bytes", device.memory_bytes},
                           {"module", choice.module.library.filename().string()},
                           {"cpu_baseline", choice.module.cpu_baseline},
                           {"fallback", choice.fallback.empty() ? Json() : Json(choice.fallback)}};
  record["versions"]["kokkos"] = device.kokkos_version;
}

void record_plan(Json& record, const Plan& plan) {
  Json others = Json::array();
  for (const auto& other : plan.others) others.push_back(cost_json(other));
  record["plan"] = {{"level", to_name(plan.level)},
                    {"kind", to_name(plan.kind)},
                    {"training_rows", plan.training_rows},
                    {"batch", plan.batch},
                    {"chunks", plan.chunks},
                    {"steps_per_epoch", plan.steps_per_epoch},
                    {"last_batch_smaller", plan.last_batch_smaller},
                    {"members", std::max<std::int64_t>(1, plan.members)},
                    {"chosen", cost_json(plan.chosen)},
                    {"others", others}};
}

void record_ensemble(Json& record, const backend::TrainResult& result) {
  std::vector<double> losses;
  for (const auto& member : result.members) {
    if (member.nonfinite_step == 0) losses.push_back(member.ranked_by());
  }
  std::ranges::sort(losses);
  record["ensemble"] = {
      {"members", result.members.size()},
      {"lost", result.members.size() - losses.size()},
      {"best", result.best},
      {"seed", result.members[result.best].member.seed},
      {"ranked_by", result.validation ? "validation loss" : "training loss"},
      {"losses", {{"best", losses.front()}, {"median", losses[losses.size() / 2]}, {"worst", losses.back()}}}};
}

void record_result(Json& record, const backend::TrainResult& result) {
  record["status"] = result.status;
  record_plan(record, result.plan);
  record["fusion"] = to_name(result.plan.level);
  record["epochs"] = result.epochs_done;
  record["steps"] = result.steps_done;
  record["best_epoch"] = result.best_epoch;
  record["metrics"] = Json::object();
  if (result.train) record["metrics"]["train"] = set_json(*result.train);
  if (result.validation) record["metrics"]["validation"] = set_json(*result.validation);
  if (result.test) record["metrics"]["test"] = set_json(*result.test);
  const auto& steady = result.steady_state;
  record["steady_state"] = {{"launches", steady.launches},       {"fences", steady.fences},
                            {"copies", steady.copies},           {"copied_bytes", steady.copied_bytes},
                            {"allocations", steady.allocations}, {"waits", steady.waits},
                            {"steps", result.steady_steps}};
  if (const auto& stream = result.stream; stream.windows > 0) {
    record["stream"] = {{"windows", stream.windows},
                        {"window_steps", stream.window_steps},
                        {"window_bytes", stream.window_bytes},
                        {"host_s", stream.host_s}};
  }
  record["parameters"] = {{"count", result.model.spec.parameter_count()},
                          {"xxh64", fmt::format("{:016x}", parameter_hash(result.model))}};
  // Rows that the steps saw: whole epochs, less what drop_last left out.
  const auto rows = result.plan.last_batch_smaller ? result.plan.training_rows
                                                   : result.plan.steps_per_epoch * result.plan.batch;
  record["time"] = {{"training_s", result.training_s},
                    {"steps_per_s", rate(static_cast<double>(result.steps_done), result.training_s)},
                    {"samples_per_s", rate(static_cast<double>(result.epochs_done * rows), result.training_s)}};
}

void record_failure(Json& record, ErrorKind kind, const std::string& message) {
  record["status"] = "failed";
  record["error"] = {{"kind", kind_name(kind)}, {"message", message}};
}

// A path or a message may hold bytes that are not UTF-8: they are replaced rather than lost with the whole record.
std::string record_text(const Json& record) {
  return record.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace sinter::app
