// Which points of two studies got faster or slower beyond noise: their confidence intervals do not overlap, and the
// medians differ by more than a threshold.
#pragma once

#include <string>
#include <vector>

#include <sinter/app/study/trial.hpp>

namespace sinter::app {

struct PointComparison {
  enum class Verdict {
    same,
    faster,
    slower,
    undecided
  };  ///< undecided: too few processes, failed, or in one study only
  std::string label;
  Verdict verdict = Verdict::undecided;
  std::string reason;  ///< of undecided
  bool lost = false;   ///< the second study has no time of it: failed, not measured, or not a point of it
  double before_s = unknown, after_s = unknown;
  bool same_bits = true;  ///< of the parameters, where both are known
};
std::string to_text(PointComparison::Verdict verdict);

/// `before` and `after` are records of study.json. Points are told by their labels. Throws IoError for what is no such
/// record, or where the kinds differ.
std::vector<PointComparison> compare_studies(const Json& before, const Json& after, double threshold);

}  // namespace sinter::app
