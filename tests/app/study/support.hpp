// Studies and measurements for tests that start no process.
#pragma once

#include <filesystem>
#include <string>

#include <sinter/app/study/trial.hpp>
#include <sinter/inputs/study/study_file.hpp>

#include "support/scratch_folder.hpp"

namespace sinter::test {

/// A study of the text's keys, with a small inline run file. Its output folder is relative and never made.
inline StudyFile study_of(const std::string& text) {
  const ScratchFolder folder;
  put(folder / "trial.yaml", text +
                                 "run: {device: {space: openmp}, data: {generator: xor}, model: {type: mlp, hidden: "
                                 "[16]}, training: {batch: 64}}\n");
  return read_study_file(folder / "trial.yaml");
}

/// What `sinter bench` would print.
inline app::Json bench_record(double seconds, const std::string& hash = "aa", const std::string& level = "layer") {
  return {{"space", "openmp"},
          {"threads", 1},
          {"ranks", 1},
          {"batch", 64},
          {"training_rows", 1024},
          {"parameters", 1000},
          {"precision", "float32"},
          {"level", level},
          {"flops_per_step", 1e6},
          {"step_s", {{"median", seconds}, {"low", seconds}, {"high", seconds}}},
          {"parameter_hash", hash},
          {"peak_memory_bytes", 1e6},
          {"gflops", 1e-3 / seconds}};
}

inline app::Trial trial(const std::string& point, int repetition, const app::Json& record) {
  app::Trial made;
  made.status = app::Trial::Status::ok;
  made.point = point;
  made.repetition = repetition;
  made.record = record;
  return made;
}

inline app::Trial failed_trial(const std::string& point, int repetition, int exit, const std::string& message) {
  app::Trial made;
  made.point = point;
  made.repetition = repetition;
  made.exit = exit;
  made.message = message;
  return made;
}

}  // namespace sinter::test
