// Model files (HDF5): everything that is needed to predict. docs/model-file.md lists the layout for readers with other
// tools.
#pragma once

#include <filesystem>

#include <sinter/models/spec/model_state.hpp>

namespace sinter {

inline constexpr int model_format = 1;  ///< raised when older versions of Sinter could not read a file any more

/// Writes in one step: a good file is never replaced by a partial one. The same state gives the same bytes. Throws
/// IoError.
void save_model(const ModelState& state, const std::filesystem::path& path);

/// The state as it was saved, bit for bit. Throws IoError that names the file and says what is wrong with it.
ModelState load_model(const std::filesystem::path& path);

struct Archive;

/// The same as values of an archive, for files that hold more than a model. Throws ShapeError where the parameters do
/// not fit the spec.
void put_model(Archive& archive, const ModelState& state);
/// Throws IoError or ConfigError that says which value is missing or wrong.
ModelState get_model(const Archive& archive);

}  // namespace sinter
