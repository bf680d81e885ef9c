// study.md, and the table at the end of the report.
#include <cmath>
#include <set>

#include <fmt/format.h>

#include <sinter/app/console.hpp>
#include <sinter/app/study/report.hpp>

namespace sinter::app {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string markdown_table(const Rows& rows) {
  std::string text;
  for (const auto& row : rows) {
    text += fmt::format("| {} |\n", fmt::join(row, " | "));
    if (&row != &rows.front()) continue;
    text += "|";
    for (std::size_t column = 0; column < row.size(); ++column) text += column == 0 ? "---|" : "---:|";
    text += "\n";
  }
  return text;
}

std::string number_text(double value) { return std::isfinite(value) ? fmt::format("{:.3g}", value) : ""; }
std::string percent_text(double share) { return std::isfinite(share) ? fmt::format("{:.1f} %", 100 * share) : ""; }

std::string range_text(const Summary& e) {
  return e.coverage > 0 ? fmt::format("{} to {}", time_text(e.low), time_text(e.high)) : "";
}

std::string scaling_tables(const StudyFile& study, const StudySummary& summary) {
  const auto workers = study.worker_axis();
  std::string text = fmt::format("\n## Speed-up and efficiency\n");
  for (const auto& series : summary.series) {
    Rows rows{{workers, "time a step", "speed-up", "efficiency", "samples/s", "ideal speed-up"}};
    for (const auto index : series.points) {
      const auto& point = summary.points[index];
      if (!point.seconds) {
        rows.push_back({number_text(point.x), "failed", "", "", "", ""});
        continue;
      }
      rows.push_back({number_text(point.x), time_text(point.seconds->median),
                      point.speed_up ? interval_text(*point.speed_up) : "more threads than processors",
                      point.efficiency ? interval_text(*point.efficiency) : "",
                      fmt::format("{:.4g}", point.typical.samples_per_s), number_text(point.x)});
    }
    text += (series.label.empty() ? "\n" : fmt::format("\n**{}**\n\n", series.label)) + markdown_table(rows);
  }
  text +=
      study.kind == StudyKind::strong
          ? "\nStrong: the same problem for any number of workers; speed-up is T(p0) p0 / T(p) with p0 the fewest "
            "workers "
            "measured, efficiency speed-up / p."
          : "\nWeak: the same number of rows a worker; efficiency is T(p0) / T(p) with p0 the fewest workers measured, "
            "speed-up p times efficiency.";
  return text + " In brackets: the intervals of both times, combined at their worst.\n";
}

std::string model_tables(const Json& record) {
  std::string text;
  for (const auto& series : record["series"]) {
    for (const auto& model : series["models"]) {
      const std::string label = series["label"];
      text += fmt::format("\n**{}{}**: ", model["name"] == "amdahl" ? "Amdahl" : "alpha-beta",
                          label.empty() ? label : fmt::format(", {}", label));
      if (model.contains("problem")) {
        text += model["problem"].get<std::string>() + ".\n";
        continue;
      }
      text += fmt::format("`{}`; ", model["formula"].get<std::string>());
      std::vector<std::string> values;
      for (const auto& [name, entry] : model["coefficients"].items())
        values.push_back(
            fmt::format("{} = {:.4g} {}", name, entry["value"].get<double>(), entry["unit"].get<std::string>()));
      text += fmt::format("{}.", fmt::join(values, ", "));
      if (model["name"] == "amdahl") {
        const double serial = model["coefficients"]["T_s"]["value"], parallel = model["coefficients"]["T_p"]["value"];
        text += fmt::format(" Serial share {:.3g} %{}.", 100 * serial / (serial + parallel),
                            serial > 0
                                ? fmt::format(", so that no number of workers is more than {:.4g} times as fast as one",
                                              (serial + parallel) / serial)
                                : "");
      }
      std::vector<std::string> residuals;
      for (const auto& entry : model["residuals"])
        residuals.push_back(
            fmt::format("{:+.1f} % at {:g}", 100 * entry["relative"].get<double>(), entry["workers"].get<double>()));
      text += fmt::format(" Residuals (model against measurement): {}; root mean square {:.2f} %.\n",
                          fmt::join(residuals, ", "), 100 * model["rms"].get<double>());
      if (model["extrapolation"].empty()) continue;
      Rows rows{{record["x_axis"].get<std::string>(), "time a step, model", "speed-up, model", "efficiency, model"}};
      for (const auto& entry : model["extrapolation"])
        rows.push_back({fmt::format("{:g}", entry["workers"].get<double>()), time_text(entry["seconds"]),
                        number_text(entry["speed_up"]), percent_text(entry["efficiency"])});
      text += "\n";
      text += markdown_table(rows);
    }
  }
  if (text.empty()) return "";
  return fmt::format(
      "\n## Models\n\nFitted to the measured points by least squares of relative errors, coefficients not negative. "
      "**What "
      "lies beyond the measured points is the model's, not a measurement.**\n{}",
      text);
}

}  // namespace

std::string time_text(double seconds) {
  if (!std::isfinite(seconds)) return "";
  if (seconds >= 59.95) return duration(seconds);
  const std::pair<double, const char*> units[] = {{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}};
  for (const auto& [size, unit] : units)
    if (seconds >= 0.9995 * size || unit == units[3].second) return fmt::format("{:.3g} {}", seconds / size, unit);
  return "";
}

std::string interval_text(const Summary& e) {
  return e.coverage > 0 ? fmt::format("{:.3g} [{:.3g}, {:.3g}]", e.median, e.low, e.high)
                        : fmt::format("{:.3g}", e.median);
}

Rows result_rows(const StudyFile& study, const StudySummary& summary) {
  const bool to_target = study.kind == StudyKind::time_to_target;
  Rows rows(1);
  for (const auto& axis : study.axes) rows.front().push_back(axis.name);
  rows.front().push_back(to_target ? "until the target" : "time a step");
  if (to_target) rows.front().emplace_back("epoch");
  for (const char* name : {"samples/s", "GFLOP/s", "of peak", "launches", "processes"}) rows.front().emplace_back(name);
  if (scales(study)) rows.front().emplace_back("speed-up");
  for (const auto& point : summary.points) {
    auto row = point.point->values;
    const auto& s = point.typical;
    row.push_back(point.seconds            ? time_text(point.seconds->median)
                  : point.failures.empty() ? "not measured"
                                           : "failed");
    if (to_target) row.push_back(s.epoch >= 0 ? fmt::to_string(s.epoch) : "");
    const bool known = point.seconds.has_value();
    row.insert(row.end(), {known ? fmt::format("{:.4g}", s.samples_per_s) : "", number_text(s.gflops),
                           percent_text(s.fraction_of_peak), number_text(s.launches),
                           fmt::to_string(known ? point.seconds->values : 0)});
    if (scales(study)) row.push_back(point.speed_up ? interval_text(*point.speed_up) : "");
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string study_markdown(const StudyFile& study, const StudySummary& summary, const Json& record,
                           const std::vector<std::string>& plots) {
  const bool to_target = study.kind == StudyKind::time_to_target;
  const auto& host = record["host"];
  auto text = fmt::format("# Study {}\n\n", study.name);
  text += fmt::format(
      "{}, {} points of {} processes each in an order drawn with seed {}. {}\n", to_name(study.kind),
      study.points.size(), study.repetitions, study.seed,
      record["status"] == "completed"
          ? ""
          : fmt::format("**{}: {} measurements are missing.**", record["status"].get<std::string>(), summary.missing));
  text += fmt::format("\n- machine: {}, {}, {} processors, {}\n", host["name"].get<std::string>(),
                      host["cpu"].get<std::string>(), host["cpus"].get<int>(), host["os"].get<std::string>());
  text += fmt::format("- sinter {}{}, {}\n", record["sinter"].get<std::string>(),
                      record["commit"].is_null() ? "" : fmt::format(" ({})", record["commit"].get<std::string>()),
                      record["written"].get<std::string>());
  const auto& versions = record["versions"];
  std::string built;
  for (const auto& [name, field] :
       {std::pair{"Kokkos", "kokkos"}, {"compiler", "compiler"}, {"MPI", "mpi"}, {"module", "modules"}})
    if (!versions[field].is_null())
      built += fmt::format("{}{} {}", built.empty() ? "- built with: " : "; ", name,
                           versions[field].get<std::string>());
  if (!built.empty()) text += built + "\n";
  text += fmt::format("- run file: {}; launcher {}, binding {}\n", study.run_file.string(),
                      to_name(study.launcher.type), to_name(study.launcher.binding));
  if (to_target) text += fmt::format("- target: validation loss below {}\n", study.target);
  for (const auto& error : summary.errors) text += fmt::format("\n**Error: {}.**\n", error);
  for (const auto& warning : summary.warnings) text += fmt::format("\n**Warning: {}.**\n", warning);

  if (scales(study)) text += scaling_tables(study, summary);
  text += "\n## Points\n\n";
  Rows rows(1);
  for (const auto& axis : study.axes) rows.front().push_back(axis.name);
  rows.front().insert(
      rows.front().end(),
      {to_target ? "until the target" : "time a step", "interval", to_target ? "epoch, step" : "steps/s", "samples/s",
       "GFLOP/s", "FLOP a step", "bytes a step", "of peak", "bound", "launches", "memory", "level", "parameters"});
  double coverage = 0;
  for (const auto& point : summary.points) {
    if (!point.seconds) continue;
    const auto& s = point.typical;
    coverage = point.seconds->coverage;
    auto row = point.point->values;
    row.insert(row.end(),
               {time_text(point.seconds->median), range_text(*point.seconds),
                to_target ? fmt::format("{}, {}", s.epoch, s.step) : fmt::format("{:.4g}", 1 / point.seconds->median),
                fmt::format("{:.4g}", s.samples_per_s), number_text(s.gflops), number_text(s.flops),
                number_text(s.bytes), percent_text(s.fraction_of_peak), s.bound, number_text(s.launches),
                point.peak_memory_bytes >= 0 ? bytes_text(static_cast<double>(point.peak_memory_bytes)) : "", s.level,
                s.hash.substr(0, 8)});
    rows.push_back(std::move(row));
  }
  text += markdown_table(rows);
  text += coverage > 0 ? fmt::format(
                             "\nTimes are medians over processes; the interval holds the true median with {:.1f} % "
                             "(order statistics). ",
                             100 * coverage)
                       : "\nTimes are medians over processes, too few for an interval. ";
  text += "*Parameters* is the beginning of their hash.\n";
  text += model_tables(record);
  if (!plots.empty()) text += "\n## Plots\n";
  for (const auto& plot : plots) text += fmt::format("\n![{}]({})\n", plot, plot);
  std::string failures;
  for (const auto& point : summary.points) {
    const std::set<std::string> different(point.failures.begin(), point.failures.end());
    for (auto failure : different) {
      for (std::size_t at = 0; (at = failure.find('\n', at)) != failure.npos; at += 3) failure.replace(at, 1, "\n  ");
      failures += fmt::format("\n- {}, {} of its processes:\n\n  ```\n  {}\n  ```\n", point.point->label,
                              point.failures.size(), failure);
    }
  }
  if (!failures.empty()) text += "\n## Failures\n" + failures;
  return text;
}

}  // namespace sinter::app
