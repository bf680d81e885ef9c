#include <sinter/app/study/summary.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include <sinter/app/exit_codes.hpp>

namespace sinter::app {
namespace {

using Samples = std::map<const Trial*, Sample>;

std::optional<double> number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

bool numeric(const StudyAxis& axis) {
  return std::ranges::all_of(axis.values, [](const auto& value) { return number(value).has_value(); });
}

/// The axis along which results are drawn: of a scaling study the workers; of others the size that changes.
std::size_t choose_x(const StudyFile& study) {
  if (scales(study)) return *study.axis(study.worker_axis());
  for (const bool needs_numbers : {true, false}) {
    for (const char* name : {"width", "batch", "depth", "threads", "ranks"})
      if (const auto index = study.axis(name); needs_numbers && index && study.axes[*index].values.size() > 1)
        return *index;
    for (std::size_t index = 0; index < study.axes.size(); ++index)
      if (study.axes[index].values.size() > 1 && (!needs_numbers || numeric(study.axes[index]))) return index;
  }
  return 0;
}

std::string failure_text(const Trial& m) {
  std::string how;
  if (m.status == Trial::Status::timed_out) {
    how = fmt::format("ended by the time limit after {:.3g} s", m.elapsed_s);
  } else if (m.status == Trial::Status::missed || m.status == Trial::Status::hung) {
    return m.message;
  } else if (m.signal != 0) {
    how = fmt::format("ended by signal {}", m.signal);
  } else if (m.exit > 0) {
    how = fmt::format("exit status {}", m.exit);
  } else {
    return m.message;  // it ended well, but did not do what it was asked; or did not start
  }
  return m.message.empty() ? how : how + ": " + m.message;
}

PointSummary point_summary(const StudyPoint& point, const std::vector<const Trial*>& measured, const Samples& samples) {
  PointSummary summary;
  summary.point = &point;
  std::vector<const Sample*> ok;
  for (const auto* m : measured) {
    if (m->status != Trial::Status::ok) {
      summary.failures.push_back(failure_text(*m));
      continue;
    }
    ok.push_back(&samples.at(m));
    summary.oversubscribed = summary.oversubscribed || ok.back()->oversubscribed;
    summary.peak_memory_bytes = std::max(summary.peak_memory_bytes, ok.back()->peak_memory_bytes);
  }
  if (ok.empty()) return summary;
  std::vector<double> seconds;
  for (const auto* sample : ok) seconds.push_back(sample->seconds);
  summary.seconds = summarize(seconds);
  std::ranges::stable_sort(ok, {}, [](const Sample* sample) { return sample->seconds; });
  summary.typical = *ok[(ok.size() - 1) / 2];
  return summary;
}

/// Points that solve the same problem: all settings but those that may not change a bit. The level is among these as long
/// as it is not `none`, which claims nothing.
std::string problem_of(const StudyPoint& point) {
  std::string text;
  for (const auto& [key, value] : point.overrides)
    if (key != "device.threads" && key != "training.fusion") text += key + "=" + value + "\n";
  return text;
}

void compare_bits(const StudyPoint& point, const std::vector<const Trial*>& trials, const Samples& samples,
                  std::map<std::string, const Trial*>& first, std::vector<std::string>& errors) {
  for (const auto* trial : trials) {
    const auto it = samples.find(trial);
    if (it == samples.end() || it->second.hash.empty() || it->second.level == "none") continue;
    const auto& [seen, fresh] = first.try_emplace(problem_of(point), trial);
    const auto& expected = samples.at(seen->second).hash;
    if (fresh || expected == it->second.hash) continue;
    errors.push_back(fmt::format("the parameters of {} (repetition {}: {}) are not those of {} (repetition {}: {})",
                                 point.label, trial->repetition, it->second.hash, seen->second->point,
                                 seen->second->repetition, expected));
    return;  // one line a point
  }
}

void add_scaling(const StudyFile& study, StudySummary& summary, SeriesSummary& series) {
  std::vector<ScalingPoint> points;
  const PointSummary* reference = nullptr;
  for (const auto index : series.points) {
    auto& point = summary.points[index];
    if (!point.seconds || point.oversubscribed) continue;
    if (reference == nullptr) reference = &point;
    points.push_back({point.x, point.seconds->median});
    const auto faster = &point == reference ? Summary{1, 1, 1, reference->seconds->coverage, reference->seconds->values}
                                            : ratio(*reference->seconds, *point.seconds);
    const auto times = [](const Summary& estimate, double factor) {
      return Summary{estimate.median * factor, estimate.low * factor, estimate.high * factor, estimate.coverage,
                     estimate.values};
    };
    // Weak: p workers do p times the work of one in the same time where they are perfect.
    const bool weak = study.kind == StudyKind::weak;
    point.speed_up = times(faster, weak ? point.x : reference->x);
    point.efficiency = times(*point.speed_up, 1 / point.x);
  }
  if (points.empty()) return;
  if (study.kind == StudyKind::strong) series.models.push_back(fit_amdahl(points));
  if (study.worker_axis() == "ranks") {
    const auto& typical = reference->typical;
    const double bytes = static_cast<double>(typical.parameters) * (typical.precision == "float64" ? 8 : 4);
    series.models.push_back(fit_alpha_beta(points, bytes, study.kind == StudyKind::weak));
  }
}

void warn_of_mixtures(const Samples& samples, std::vector<std::string>& warnings) {
  const std::pair<const char*, std::string Sample::*> fields[] = {
      {"versions of sinter", &Sample::version}, {"commits", &Sample::commit}, {"versions of Kokkos", &Sample::kokkos},
      {"compilers", &Sample::compiler},         {"hosts", &Sample::host},     {"spaces", &Sample::space}};
  for (const auto& [name, field] : fields) {
    std::set<std::string> values;
    for (const auto& [m, sample] : samples) values.insert(sample.*field);
    if (values.size() > 1)
      warnings.push_back(fmt::format("measurements of different {} are mixed: {}", name, fmt::join(values, ", ")));
  }
}

/// Threads that take turns on a processor say what that costs, not how the problem scales.
void warn_of_oversubscription(const StudyFile& study, const StudySummary& summary, std::vector<std::string>& warnings) {
  std::vector<std::string> labels;
  for (const auto& point : summary.points)
    if (point.oversubscribed) labels.push_back(point.point->label);
  if (labels.empty()) return;
  warnings.push_back(fmt::format("more threads than processors: {}; {}", fmt::join(labels, ", "),
                                 scales(study) ? "these points have no speed-up, and no model is fitted to them"
                                               : "their times are those of threads that take turns"));
}

}  // namespace

bool scales(const StudyFile& study) { return study.kind == StudyKind::strong || study.kind == StudyKind::weak; }

bool refused(const Trial& m) {
  return m.status == Trial::Status::hung ||
         (m.status == Trial::Status::failed && m.exit >= exit_code(ErrorKind::usage) &&
          m.exit <= exit_code(ErrorKind::budget));
}

StudySummary summarize_study(const StudyFile& study, const std::vector<Trial>& trials) {
  StudySummary summary;
  std::map<std::string, const StudyPoint*> by_label;
  for (const auto& point : study.points) by_label[point.label] = &point;
  std::map<std::string, std::vector<const Trial*>> measured;
  Samples samples;
  std::map<std::pair<std::string, int>, const Trial*> latest;  // one that failed may have been tried again
  for (const auto& trial : trials) {
    // Not those of an axis value or a repetition that the study no longer has.
    if (by_label.contains(trial.point) && trial.repetition <= study.repetitions &&
        trial.status != Trial::Status::interrupted)
      latest[{trial.point, trial.repetition}] = &trial;
  }
  for (const auto& [key, trial] : latest) {
    measured[key.first].push_back(trial);
    if (trial->status == Trial::Status::ok) samples[trial] = sample_of(trial->record);
  }
  const auto x = choose_x(study);
  summary.x_axis = study.axes[x].name;
  summary.numeric = numeric(study.axes[x]);
  std::map<std::string, std::size_t> series_of;
  std::map<std::string, const Trial*> first;  // by problem
  for (const auto& point : study.points) {
    const auto& processes = measured[point.label];
    summary.points.push_back(point_summary(point, processes, samples));
    auto& last = summary.points.back();
    last.x = number(point.values[x]).value_or(unknown);
    if (!last.seconds && !processes.empty()) ++summary.failed_points;
    const bool given_up = std::ranges::any_of(processes, [](const auto* m) { return refused(*m); });
    if (!given_up) {
      std::set<int> done;
      for (const auto* m : processes) done.insert(m->repetition);
      for (int repetition = 1; repetition <= study.repetitions; ++repetition)
        summary.missing += done.contains(repetition) ? 0 : 1;
    }
    if (study.same_bits) compare_bits(point, processes, samples, first, summary.errors);
    std::string label;
    for (std::size_t axis = 0; axis < study.axes.size(); ++axis)
      if (axis != x)
        label += fmt::format("{}{}={}", label.empty() ? "" : " ", study.axes[axis].name, point.values[axis]);
    const auto [it, fresh] = series_of.try_emplace(label, summary.series.size());
    if (fresh) summary.series.push_back({label, {}, {}});
    summary.series[it->second].points.push_back(summary.points.size() - 1);
  }
  for (auto& series : summary.series) {
    if (summary.numeric)
      std::ranges::stable_sort(series.points, {}, [&](std::size_t index) { return summary.points[index].x; });
    if (scales(study)) add_scaling(study, summary, series);
  }
  warn_of_oversubscription(study, summary, summary.warnings);
  warn_of_mixtures(samples, summary.warnings);
  return summary;
}

}  // namespace sinter::app
