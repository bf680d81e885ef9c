// Ensembles: networks of one shape, trained on the same data, that differ in seed, optimizer, its settings and the way
// their weights start. Free of Kokkos.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sinter/kernels/catalog/optimizer_settings.hpp>
#include <sinter/models/spec/model_spec.hpp>
#include <sinter/models/spec/model_state.hpp>
#include <sinter/models/spec/report.hpp>
#include <sinter/models/spec/training_spec.hpp>

namespace sinter {

/// A list is empty, where all members have the run's own value, or holds one value a member.
struct EnsembleSpec {
  std::int64_t members = 0;         ///< 0: a single network
  std::vector<std::uint64_t> seed;  ///< empty: the run's seed, and one more for each member
  std::vector<Optimizer> optimizer;
#define SINTER_OPTIMIZER_SETTING(name, ...) std::vector<double> name;
#include <sinter/kernels/catalog/optimizer_settings.def>
#undef SINTER_OPTIMIZER_SETTING
  std::vector<Initializer> initializer;

  friend bool operator==(const EnsembleSpec&, const EnsembleSpec&) = default;
};

/// The lists of numbers: one for each of optimizer_settings, in its order.
inline constexpr std::vector<double> EnsembleSpec::*setting_lists[] = {
#define SINTER_OPTIMIZER_SETTING(name, ...) &EnsembleSpec::name,
#include <sinter/kernels/catalog/optimizer_settings.def>
#undef SINTER_OPTIMIZER_SETTING
};

/// One network of an ensemble.
struct MemberSpec {
  std::uint64_t seed = 0;  ///< of the initial parameters and the data order
  OptimizerSettings optimizer;
  InitializerSpec initializer;
};

/// The members in order. Throws ConfigError where a list has another length than there are members, where a value is out
/// of range, or where the training has what an ensemble cannot have: a level but `epochs`, early stopping. A number that a
/// member's optimizer does not have makes no difference to it.
std::vector<MemberSpec> members_of(const EnsembleSpec& ensemble, std::uint64_t seed, const ModelSpec& model,
                                   const TrainingSpec& training);

/// Their optimizers, in order.
std::vector<OptimizerSettings> optimizers_of(const std::vector<MemberSpec>& members);

/// Throws ConfigError where a training has what an ensemble cannot have, as told above.
void check_ensemble_training(const TrainingSpec& training);

/// What became of a member.
struct MemberReport {
  MemberSpec member;
  /// 1 + the first step whose loss was not finite, which may be the one after the last; 0: none, and the reports are there.
  std::int64_t nonfinite_step = 0;
  std::optional<SetReport> train, validation, test;
  ModelState model;

  /// The loss by which members are ranked: of validation, where there is such a set, else of training.
  [[nodiscard]] double ranked_by() const;
};

}  // namespace sinter
