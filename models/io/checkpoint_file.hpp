// Checkpoints (HDF5): the whole state of a training, to go on from in another process. docs/checkpoints.md lists the
// layout for readers with other tools.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <sinter/models/spec/report.hpp>
#include <sinter/models/spec/training_state.hpp>

namespace sinter {

/// Raised when older versions of Sinter could not read a file any more. A file has the oldest version that can hold it: 1 for a
/// single network, 2 for an ensemble.
inline constexpr int checkpoint_format = 2;

struct Checkpoint {
  TrainingState training;
  std::vector<Progress> log;    ///< all log points so far
  std::string run_file;         ///< the effective run file, as text
  std::uint64_t data_hash = 0;  ///< of the training and validation rows
};

/// Writes in one step: a good file is never replaced by a partial one. The same checkpoint gives the same bytes.
/// Returns their number. Throws IoError.
std::uint64_t save_checkpoint(const Checkpoint& checkpoint, const std::filesystem::path& path);

/// The checkpoint as it was saved, bit for bit. Throws IoError that names the file and says what is wrong with it.
Checkpoint load_checkpoint(const std::filesystem::path& path);

}  // namespace sinter
