// study.csv and study.json.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sinter/app/host_facts.hpp>
#include <sinter/app/output_folder.hpp>
#include <sinter/app/study/report.hpp>
#include <sinter/runtime/base/version.hpp>

namespace sinter::app {
namespace {

constexpr double most_ranks = 4096, most_threads = 256;  // of extrapolations

std::string field(double value) { return std::isfinite(value) ? exact_number(value) : ""; }
std::string field(std::int64_t value) { return value >= 0 ? fmt::to_string(value) : ""; }

Json json_number(double value) { return std::isfinite(value) ? Json(value) : Json(); }
Json json_count(std::int64_t value) { return value >= 0 ? Json(value) : Json(); }
Json json_text(const std::string& text) { return text.empty() ? Json() : Json(text); }

/// The values that points have of a field, each once: "GNU 12.2.0"; null where none has one.
Json all_of(const StudySummary& summary, std::string Sample::*field) {
  std::vector<std::string> values;
  for (const auto& point : summary.points) {
    const auto& value = point.typical.*field;
    if (!value.empty() && std::ranges::find(values, value) == values.end()) values.push_back(value);
  }
  return json_text(fmt::format("{}", fmt::join(values, ", ")));
}

Json estimate_json(const std::optional<Summary>& estimate) {
  if (!estimate) return {};
  return {{"median", estimate->median},
          {"low", estimate->low},
          {"high", estimate->high},
          {"coverage", estimate->coverage},
          {"values", estimate->values}};
}

Json point_json(const StudyFile& study, const PointSummary& point, const std::string& program) {
  const auto& s = point.typical;
  Json axes = Json::object();
  for (std::size_t axis = 0; axis < study.axes.size(); ++axis) axes[study.axes[axis].name] = point.point->values[axis];
  return {{"label", point.point->label},
          {"axes", axes},
          {"x", json_number(point.x)},
          {"command", shell_text(command_of(study, *point.point, 1, program))},
          {"seconds", estimate_json(point.seconds)},
          {"steps_per_s",
           point.seconds && study.kind != StudyKind::time_to_target ? Json(1 / point.seconds->median) : Json()},
          {"samples_per_s", json_number(s.samples_per_s)},
          {"speed_up", estimate_json(point.speed_up)},
          {"efficiency", estimate_json(point.efficiency)},
          {"epoch", json_count(s.epoch)},
          {"step", json_count(s.step)},
          {"first_step_s", json_number(s.first_step_s)},
          {"flops_per_step", json_number(s.flops)},
          {"bytes_per_step", json_number(s.bytes)},
          {"gflops", json_number(s.gflops)},
          {"fraction_of_peak", json_number(s.fraction_of_peak)},
          {"bound", json_text(s.bound)},
          {"peaks",
           {{"fma_gflops", json_number(s.fma_gflops)},
            {"triad_gb_s", json_number(s.triad_gb_s)},
            {"launch_us", json_number(s.launch_us)}}},
          {"predicted_step_s", json_number(s.predicted_s)},
          {"launches_per_step", json_number(s.launches)},
          {"fences_per_step", json_number(s.fences)},
          {"copies_per_step", json_number(s.copies)},
          {"allocations_per_step", json_number(s.allocations)},
          {"peak_memory_bytes", json_count(point.peak_memory_bytes)},
          {"parameters", json_count(s.parameters)},
          {"parameter_hash", json_text(s.hash)},
          {"space", json_text(s.space)},
          {"module", json_text(s.module)},
          {"level", json_text(s.level)},
          {"precision", json_text(s.precision)},
          {"threads", point.seconds ? Json(s.threads) : Json()},
          {"oversubscribed", point.oversubscribed},
          {"ranks", point.point->ranks},
          {"batch", json_count(s.batch)},
          {"failures", point.failures}};
}

Json model_json(const StudyFile& study, const StudySummary& summary, const SeriesSummary& series,
                const ScalingModel& model) {
  if (!model.fitted()) return {{"name", model.name}, {"problem", model.problem}};
  Json coefficients = Json::object(), residuals = Json::array(), extrapolation = Json::array();
  for (const auto& [name, unit, value] : model.coefficients) coefficients[name] = {{"value", value}, {"unit", unit}};
  std::size_t index = 0;
  for (const auto point : series.points)
    if (summary.points[point].speed_up)  // those that the model was fitted to
      residuals.push_back({{"workers", summary.points[point].x}, {"relative", model.residuals[index++]}});
  for (double p = 1; p <= (study.worker_axis() == "ranks" ? most_ranks : most_threads); p *= 2) {
    const double gain = model.seconds(1) / model.seconds(p);
    const bool weak = study.kind == StudyKind::weak;
    extrapolation.push_back({{"workers", p},
                             {"seconds", model.seconds(p)},
                             {"speed_up", weak ? p * gain : gain},
                             {"efficiency", weak ? gain : gain / p}});
  }
  return {{"name", model.name}, {"formula", model.formula}, {"coefficients", coefficients},  {"bytes", model.bytes},
          {"rms", model.rms},   {"residuals", residuals},   {"extrapolation", extrapolation}};
}

}  // namespace

std::string study_csv(const StudyFile& study, const std::vector<Trial>& trials) {
  std::vector<std::string> header{"point"};
  for (const auto& axis : study.axes) header.push_back(axis.name);
  const bool to_target = study.kind == StudyKind::time_to_target;
  for (const char* name : {"repetition",
                           "status",
                           "exit",
                           "signal",
                           "started",
                           "elapsed_s",
                           to_target ? "target_s" : "step_s",
                           "low",
                           "high",
                           "first_step_s",
                           "samples_per_s",
                           "gflops",
                           "flops_per_step",
                           "bytes_per_step",
                           "fraction_of_peak",
                           "bound",
                           "launches_per_step",
                           "fences_per_step",
                           "copies_per_step",
                           "allocations_per_step",
                           "peak_memory_bytes",
                           "parameters",
                           "parameter_hash",
                           "target_epoch",
                           "target_step",
                           "used_space",
                           "used_threads",
                           "used_ranks",
                           "used_precision",
                           "used_level",
                           "used_batch",
                           "peak_fma_gflops",
                           "peak_triad_gb_s",
                           "peak_launch_us",
                           "sinter",
                           "commit",
                           "host",
                           "message"})
    header.emplace_back(name);
  auto text = csv_line(header);
  for (const auto& trial : trials) {
    const auto point = std::ranges::find(study.points, trial.point, &StudyPoint::label);
    if (point == study.points.end()) continue;
    const bool ok = trial.status == Trial::Status::ok;
    const auto s = ok ? sample_of(trial.record) : Sample{};
    std::vector<std::string> row{trial.point};
    row.insert(row.end(), point->values.begin(), point->values.end());
    row.insert(row.end(), {fmt::to_string(trial.repetition),
                           to_text(trial.status),
                           field(std::int64_t{trial.exit}),
                           trial.signal == 0 ? "" : fmt::to_string(trial.signal),
                           trial.started,
                           field(trial.elapsed_s),
                           field(s.seconds),
                           field(s.low),
                           field(s.high),
                           field(s.first_step_s),
                           field(s.samples_per_s),
                           field(s.gflops),
                           field(s.flops),
                           field(s.bytes),
                           field(s.fraction_of_peak),
                           s.bound,
                           field(s.launches),
                           field(s.fences),
                           field(s.copies),
                           field(s.allocations),
                           field(s.peak_memory_bytes),
                           field(s.parameters),
                           s.hash,
                           field(s.epoch),
                           field(s.step),
                           s.space,
                           ok ? fmt::to_string(s.threads) : "",
                           ok ? fmt::to_string(s.ranks) : "",
                           s.precision,
                           s.level,
                           field(s.batch),
                           field(s.fma_gflops),
                           field(s.triad_gb_s),
                           field(s.launch_us),
                           s.version,
                           s.commit,
                           s.host,
                           trial.message});
    text += csv_line(row);
  }
  return text;
}

Json study_json(const StudyFile& study, const StudySummary& summary, const std::string& status,
                const std::string& program) {
  const auto host = host_facts();
  auto record = Json{{"study", 1},
                     {"name", study.name},
                     {"kind", to_name(study.kind)},
                     {"status", status},
                     {"written", utc_now()},
                     {"sinter", version()},
                     {"commit", Json()},
                     {"versions",
                      {{"kokkos", all_of(summary, &Sample::kokkos)},
                       {"compiler", all_of(summary, &Sample::compiler)},
                       {"mpi", all_of(summary, &Sample::mpi)},
                       {"modules", all_of(summary, &Sample::module)}}},
                     {"host", {{"name", host.name}, {"os", host.os}, {"cpu", host.cpu}, {"cpus", host.cpus}}},
                     {"run_file", study.run_file.string()},
                     {"run", study.run_text},
                     {"set", Json::object()},
                     {"axes", Json::object()},
                     {"launcher",
                      {{"type", to_name(study.launcher.type)},
                       {"arguments", study.launcher.arguments},
                       {"binding", to_name(study.launcher.binding)},
                       {"environment", Json::object()}}},
                     {"arguments", study.arguments},
                     {"repetitions", study.repetitions},
                     {"seed", study.seed}};
  if (study.kind == StudyKind::time_to_target) record["target"] = study.target;
  for (const auto& [key, value] : study.set) record["set"][key] = value;
  for (const auto& axis : study.axes) record["axes"][axis.name] = axis.values;
  for (const auto& [name, value] : study.launcher.environment) record["launcher"]["environment"][name] = value;
  record["x_axis"] = summary.x_axis;
  record["x_numeric"] = summary.numeric;
  record["points"] = Json::array();
  for (const auto& point : summary.points) {
    if (!point.typical.commit.empty()) record["commit"] = point.typical.commit;
    record["points"].push_back(point_json(study, point, program));
  }
  record["series"] = Json::array();
  for (const auto& series : summary.series) {
    Json models = Json::array();
    for (const auto& model : series.models) models.push_back(model_json(study, summary, series, model));
    record["series"].push_back({{"label", series.label}, {"points", series.points}, {"models", models}});
  }
  record["missing"] = summary.missing;
  record["failed_points"] = summary.failed_points;
  record["errors"] = summary.errors;
  record["warnings"] = summary.warnings;
  return record;
}

}  // namespace sinter::app
