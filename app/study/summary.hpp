// What the measurements of a study say: an estimate for each point, series of points with speed-up and efficiency,
// fitted models, and whether points of one problem ended with the same bits.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sinter/app/statistics.hpp>
#include <sinter/app/study/scaling_model.hpp>
#include <sinter/app/study/trial.hpp>

namespace sinter::app {

struct PointSummary {
  const StudyPoint* point = nullptr;
  std::optional<Summary> seconds;               ///< over the medians of its processes; nothing where none ended well
  Sample typical;                               ///< of the process whose median is the (lower) median
  std::int64_t peak_memory_bytes = -1;          ///< largest of its processes
  std::vector<std::string> failures;            ///< one text a failed process
  double x = unknown;                           ///< its place on the x axis; NaN where that has names
  std::optional<Summary> speed_up, efficiency;  ///< against the series' point with the fewest workers
  bool oversubscribed = false;                  ///< any of its processes: then it has no speed-up
};

/// Points that differ only in x.
struct SeriesSummary {
  std::string label;                ///< of the other axes: "width=64"; "" where there is none
  std::vector<std::size_t> points;  ///< of StudySummary::points, x ascending
  std::vector<ScalingModel> models;
};

struct StudySummary {
  std::string x_axis;
  bool numeric = true;               ///< whether x_axis has numbers
  std::vector<PointSummary> points;  ///< in the order of the study
  std::vector<SeriesSummary> series;
  std::vector<std::string> errors;  ///< points of one problem whose parameters differ
  std::vector<std::string> warnings;
  std::size_t missing = 0;        ///< measurements that are not there
  std::size_t failed_points = 0;  ///< points without any that ended well
};

StudySummary summarize_study(const StudyFile& study, const std::vector<Trial>& trials);

/// Of a strong or weak study.
bool scales(const StudyFile& study);

/// Whether a failed measurement says that others of its point would fail too: the program refused what it was asked, or
/// hangs.
bool refused(const Trial& trial);

}  // namespace sinter::app
