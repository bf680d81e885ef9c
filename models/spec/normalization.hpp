// Normalisation of features and targets, as fitted on a training set: x' = (x - shift) * scale, undone by x = x' /
// scale + shift. zscore: shift = mean, scale = 1 / population standard deviation; minmax: shift = min, scale = 1 / (max
// - min). A column without variance is only shifted (scale 1), with a warning that names it. Kind none: shift 0, scale
// 1.
#pragma once

#include <vector>

#include <sinter/models/spec/training_spec.hpp>

namespace sinter {

/// One entry a column; empty vectors mean kind none.
struct ColumnNormalization {
  Normalize kind = Normalize::none;
  std::vector<double> shift;
  std::vector<double> scale;

  [[nodiscard]] bool active() const { return kind != Normalize::none; }

  friend bool operator==(const ColumnNormalization&, const ColumnNormalization&) = default;
};

struct Normalization {
  ColumnNormalization features;
  ColumnNormalization targets;

  friend bool operator==(const Normalization&, const Normalization&) = default;
};

}  // namespace sinter
