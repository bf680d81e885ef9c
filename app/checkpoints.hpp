// The checkpoints of a run: the one that it goes on from, those that it writes, and what the record says of them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sinter/app/console.hpp>
#include <sinter/app/output_folder.hpp>
#include <sinter/app/problem.hpp>
#include <sinter/app/run_record.hpp>
#include <sinter/models/io/checkpoint_folder.hpp>

namespace sinter::app {

class Checkpoints {
 public:
  /// They lie in `checkpoints` of the output folder. The problem must outlive this. All ranks make it together and
  /// resume together; only rank 0 begins and writes.
  Checkpoints(const Problem& problem, const OutputFolder& folder, Console& console, Communicator& ranks);

  /// Finds the checkpoint to go on from as the run file says, and makes sure that this run can: what it may not change
  /// is refused with both values. Null: the run begins anew. Throws ConfigError, DataError or IoError.
  const Checkpoint* resume(Json& record);

  /// Whether any are written. Makes their folder and sets aside the damaged ones that resume() passed over; throws
  /// IoError where it cannot be written.
  bool begin();

  /// Writes one. A failure is a warning, for the earlier ones are still there and the disk may have room again later.
  void write(const TrainingState& state, const std::vector<Progress>& log);

  /// What was written, for the record.
  void record(Json& record) const;

  /// Throws IoError where the last one, which holds the end of the run, could not be written.
  void require_last() const;

 private:
  std::optional<CheckpointFolder::Found> find();
  /// The newest whole one of the output folder; damaged ones are passed over. One that cannot be read is an IoError, which
  /// tells the consequence.
  std::optional<CheckpointFolder::Found> newest(std::string_view consequence);
  /// From the file that the run file names; but a job that is started again goes on from what it left itself, which tells
  /// its settings, this file among them.
  CheckpointFolder::Found find_named(const std::string& file);
  void warn_of_unfinished_run() const;
  /// Throws ConfigError where checkpoint.resume names a folder.
  void refuse_folder(const std::filesystem::path& path) const;
  /// Refuses what may not change; returns what does.
  std::vector<std::string> compare(const CheckpointFolder::Found& found) const;

  const Problem& problem_;
  Console& console_;
  Communicator& ranks_;
  CheckpointFolder folder_;
  std::string run_file_;
  std::uint64_t data_hash_ = 0;
  std::optional<CheckpointFolder::Found> from_;
  std::vector<std::filesystem::path> damaged_;  ///< passed over

  std::int64_t count_ = 0, last_step_ = 0;
  CheckpointFolder::Written last_;
  std::string failure_;
  std::chrono::steady_clock::time_point said_;
};

}  // namespace sinter::app
