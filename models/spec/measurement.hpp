// What a measurement of steps is asked for and what it gives: wall-clock times of repetitions, the ledger's account of
// one, and the parameters' hash after a fixed number of steps. Plain host values, free of Kokkos.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <sinter/models/plan/plan.hpp>
#include <sinter/runtime/base/ledger_counts.hpp>
#include <sinter/runtime/base/names.hpp>

namespace sinter {

enum class MeasureMode : std::uint8_t { training, inference };

template <>
struct Names<MeasureMode> {
  static constexpr std::pair<MeasureMode, std::string_view> list[] = {
      {MeasureMode::training, "training"},
      {MeasureMode::inference, "inference"},
  };
};

/// A step is a full mini-batch of training, or a prediction of that many rows. Where the last batch of an epoch would be
/// smaller it is left out, so that every step is the same work.
struct MeasureSettings {
  MeasureMode mode = MeasureMode::training;
  int repetitions = 11;        ///< >= 1
  std::int64_t steps = 0;      ///< of a repetition; 0: as many as take `repetition_s`
  double repetition_s = 0.05;  ///< what a repetition takes at least

  friend bool operator==(const MeasureSettings&, const MeasureSettings&) = default;
};

/// Times are wall-clock seconds up to the end of a fence, with the data on the device.
struct Measurement {
  /// Steps after which the parameters are hashed; a power of two above one, so that every level has had a steady step.
  static constexpr std::int64_t hash_steps = 8;

  Plan plan;
  LevelCost cost;                    ///< of one step of the mode, at the level that ran
  double first_step_s = 0;           ///< the very first, nothing warmed up before
  std::int64_t steps = 0;            ///< of a repetition
  std::vector<double> step_s;        ///< a repetition's time over its steps, in the order of time
  LedgerCounts repetition;           ///< of one repetition, its closing fence left out
  std::uint64_t parameter_hash = 0;  ///< after hash_steps steps; inference: of the initial parameters
};

}  // namespace sinter
