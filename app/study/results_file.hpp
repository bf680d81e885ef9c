// The measurements of a study, one JSON line each, in a file that is only appended to: a line is there as a whole or,
// where the writer was killed, cut off at the end, and then it is dropped. A lock keeps two studies out of one folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <sinter/app/study/trial.hpp>

namespace sinter::app {

class ResultsFile {
 public:
  /// Opens or makes it. `definition`, one JSON object, is its first line; throws ConfigError where an earlier study left
  /// another one, naming what differs, and IoError where the file cannot be used or another process has it.
  ResultsFile(const std::filesystem::path& path, const Json& definition);
  ResultsFile(const ResultsFile&) = delete;
  ResultsFile& operator=(const ResultsFile&) = delete;
  ~ResultsFile();

  /// Writes one line and waits until it is on the disk. Throws IoError; the file is then as before.
  void append(const Trial& trial);
  /// What earlier runs and this one have measured, in order.
  [[nodiscard]] const std::vector<Trial>& trials() const { return trials_; }
  /// Whether a line was dropped that a killed writer had left unfinished.
  [[nodiscard]] bool repaired() const { return repaired_; }

 private:
  void write_line(const std::string& line);

  std::filesystem::path path_;
  int file_ = -1;
  bool repaired_ = false;
  std::vector<Trial> trials_;
};

/// What must be equal for measurements to belong to one study: all but the points and how often they are measured.
Json definition_of(const StudyFile& study);

}  // namespace sinter::app
