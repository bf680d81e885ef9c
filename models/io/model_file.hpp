// Model files (HDF5): everything that is needed to predict, by a network or by all members of an ensemble. docs/model-file.md
// lists the layout for readers with other tools.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include <sinter/models/spec/model_state.hpp>

namespace sinter {

/// Raised when older versions of Sinter could not read a file any more. A file has the oldest version that can hold it: 1 for a
/// single network, 2 for an ensemble.
inline constexpr int model_format = 2;

/// Writes in one step: a good file is never replaced by a partial one. The same state gives the same bytes. Throws
/// IoError.
void save_model(const ModelState& state, const std::filesystem::path& path);

/// The state as it was saved, bit for bit; of an ensemble the best member. Throws IoError that names the file and says what
/// is wrong with it.
ModelState load_model(const std::filesystem::path& path);

/// Networks of one shape, precision, normalisation and names that predict together.
struct EnsembleModel {
  std::vector<ModelState> members;
  /// Of each member 1 + the first step whose loss was not finite; 0: none, and it takes part in predictions.
  std::vector<std::int64_t> nonfinite_step;
  std::size_t best = 0;  ///< one whose loss is finite
};

/// Writes as save_model() does. Throws ShapeError where the members are not alike, and IoError.
void save_ensemble(const EnsembleModel& ensemble, const std::filesystem::path& path);

/// What the file holds; a single network is an ensemble of one. Throws as load_model() does.
EnsembleModel load_ensemble(const std::filesystem::path& path);

struct Archive;

/// The same as values of an archive, for files that hold more than a model. Throws ShapeError where the parameters do
/// not fit the spec.
void put_model(Archive& archive, const ModelState& state);
/// Throws IoError or ConfigError that says which value is missing or wrong.
ModelState get_model(const Archive& archive);

}  // namespace sinter
