// One measurement of a study: what one process at one point gave, or how it failed. The results file keeps the
// program's own record as it came; Sample is what reports take from it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <sinter/app/child_process.hpp>
#include <sinter/inputs/study/study_file.hpp>

namespace sinter::app {

using Json = nlohmann::ordered_json;

inline constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// The numbers of a process that ended well; NaN, -1 or "" where the program does not know one.
struct Sample {
  double seconds = unknown;  ///< median time of a step; time_to_target: until the target
  double low = unknown, high = unknown;
  double first_step_s = unknown, samples_per_s = unknown, gflops = unknown;
  double flops = unknown, bytes = unknown;  ///< a step
  /// A step; of level epochs a part of one.
  double launches = unknown, fences = unknown, copies = unknown, allocations = unknown;
  std::int64_t parameters = -1, batch = -1, training_rows = -1, peak_memory_bytes = -1;
  std::int64_t epoch = -1, step = -1;  ///< at which the target was reached
  int threads = 0, ranks = 0;
  bool oversubscribed = false;  ///< more threads than processors: says nothing of scaling
  std::string space, precision, level, mode, bound, hash, version, commit, host;
  std::string kokkos, compiler, mpi, module;  ///< what the program was built with; mpi of several ranks alone
  double fraction_of_peak = unknown, fma_gflops = unknown, triad_gb_s = unknown, launch_us = unknown;
  double predicted_s = unknown;
};

struct Trial {
  /// missed: the target was not reached; interrupted: the study ended, and its process with it, so that the measurement is
  /// still to be made; hung: interrupted twice
  enum class Status { ok, failed, timed_out, missed, interrupted, hung };
  Status status = Status::failed;
  std::string point;  ///< its label
  int repetition = 0;
  int exit = 0, signal = 0;
  std::string message;  ///< of one that is not ok: last lines of standard error, or what is wrong with the record
  std::string started;
  double elapsed_s = 0;  ///< of the process
  Json record;           ///< null unless ok
};
std::string to_text(Trial::Status status);

/// One line of the results file, and back. Throws IoError for a line that is none.
std::string to_line(const Trial& trial);
Trial from_line(const std::string& line);

/// The command of a point: launcher, environment (by `env`, so that every rank gets it), program and arguments.
std::vector<std::string> command_of(const StudyFile& study, const StudyPoint& point, int repetition,
                                    const std::string& program);

/// Where the training of a time_to_target point leaves its results.
std::filesystem::path training_folder(const StudyFile& study, const StudyPoint& point, int repetition);

/// What the end of the process means: looks at status and record, and at whether the program did what it was asked.
Trial trial_of(const StudyFile& study, const StudyPoint& point, int repetition, const ChildOutcome& outcome);

/// Throws IoError where the record lacks what every record has.
Sample sample_of(const Json& record);

}  // namespace sinter::app
