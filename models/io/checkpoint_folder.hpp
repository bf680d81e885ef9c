// The checkpoints of an output folder: checkpoint-000001.h5, checkpoint-000002.h5, ... The highest number is the newest,
// whatever a clock says; it goes on where an earlier run stopped counting. Older ones are removed only when a newer one
// is whole and on the disk; damaged ones that were set aside (checkpoint-000002.h5.damaged) are never removed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include <sinter/models/io/checkpoint_file.hpp>

namespace sinter {

class CheckpointFolder {
 public:
  /// `keep` >= 1: how many stay. Touches nothing.
  CheckpointFolder(std::filesystem::path path, std::int64_t keep) : path_(std::move(path)), keep_(keep) {}

  /// Makes the folder, and removes what a killed process left half-written (not what one that lives may be writing). Throws IoError where it cannot be written.
  void open() const;

  struct Written {
    std::filesystem::path path;
    std::uint64_t bytes = 0;
  };
  /// Writes the next one and then removes all but the newest `keep`. Throws IoError; all earlier ones are there then.
  [[nodiscard]] Written write(const Checkpoint& checkpoint) const;

  /// The files, newest first; none where there is no folder. Throws IoError where it cannot be read.
  [[nodiscard]] std::vector<std::filesystem::path> files() const;

  struct Found {
    std::filesystem::path path;
    Checkpoint checkpoint;
  };
  /// The newest whole one. `damaged` hears of each newer one whose bytes are not those that were written, with its path
  /// and "cannot read 'FILE': REASON". Throws IoError where one cannot be read or is of a newer format: it may be good,
  /// and to pass over it would be to lose work.
  using Damaged = std::function<void(const std::filesystem::path&, std::string_view)>;
  [[nodiscard]] std::optional<Found> newest(const Damaged& damaged) const;

  /// Renames a damaged one so that it is no longer counted, nor removed. Returns its new name; throws IoError.
  std::filesystem::path set_aside(const std::filesystem::path& file) const;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  std::int64_t keep_;
};

}  // namespace sinter
