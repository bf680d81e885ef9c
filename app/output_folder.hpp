// The folder that a run writes into. Every file is replaced in one step; nothing that Sinter does not know is touched.
// That the folder can be written is found out when it is opened, before any work is done.
#pragma once

#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sinter::app {

class OutputFolder {
 public:
  /// Makes the folder where it is missing. Throws IoError where it cannot be written, or where one of the files that a
  /// run writes is a folder there.
  explicit OutputFolder(const std::filesystem::path& path) : OutputFolder(path, run_files()) {}
  /// The same for another set of files.
  OutputFolder(const std::filesystem::path& path, std::span<const std::string_view> files);
  /// The folder of a run whose files another rank writes: nothing is opened, and write() does nothing.
  static OutputFolder of_another_rank(const std::filesystem::path& path);

  void write(const std::string& name, std::string_view bytes);
  /// Where a file of the run goes that is written by someone else, and so counts as written.
  std::filesystem::path place(const std::string& name);
  /// Removes what an earlier run left of the files that this run did not write, so that the folder tells of one run.
  void remove_stale() const;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  OutputFolder() = default;
  /// All files that a run may write, as docs/run-record.md lists them.
  static std::span<const std::string_view> run_files();

  std::filesystem::path path_;
  std::span<const std::string_view> files_;
  std::set<std::string> written_;
  bool writes_ = true;
};

/// One line of a CSV file (RFC 4180: quoted where needed), with its end.
std::string csv_line(const std::vector<std::string>& fields);

/// The shortest text that reads back as the same number.
std::string exact_number(double value);

}  // namespace sinter::app
