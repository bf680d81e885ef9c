#include <sinter/app/output_folder.hpp>

#include <array>

#include <unistd.h>

#include <fmt/format.h>

#include <sinter/models/io/file_bytes.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter::app {
namespace {

namespace fs = std::filesystem;

}  // namespace

std::span<const std::string_view> OutputFolder::run_files() {
  static constexpr std::array<std::string_view, 12> files{
      "effective.yaml",   "run.json",         "metrics.csv",         "kernels.csv", "model.h5",
      "predictions.csv",  "decision_map.csv", "decision_points.csv", "loss.png",    "predicted_actual.png",
      "decision_map.png", "ensemble.csv",
  };
  return files;
}

OutputFolder::OutputFolder(const fs::path& path, std::span<const std::string_view> files) : path_(path), files_(files) {
  const auto refuse = [&](const std::string& reason) {
    throw IoError(fmt::format("cannot write into the output folder '{}': {}", path_.string(), reason));
  };
  std::error_code error;
  fs::create_directories(path_, error);
  if (error) refuse(error.message());
  for (const auto name : files_) {
    if (fs::is_directory(path_ / name, error)) refuse(fmt::format("'{}' in it is a folder", name));
  }
  // Permission bits do not tell all (root, read-only mounts, quotas): only writing does.
  const auto trial = path_ / fmt::format(".sinter.{}.tmp", ::getpid());
  try {
    write_file(trial, "trial\n");
  } catch (const IoError& failure) {
    const std::string_view text = failure.what();
    refuse(std::string(text.substr(text.rfind(": ") + 2)));
  }
  fs::remove(trial, error);
}

OutputFolder OutputFolder::of_another_rank(const fs::path& path) {
  OutputFolder folder;
  folder.path_ = path;
  folder.writes_ = false;
  return folder;
}

void OutputFolder::write(const std::string& name, std::string_view bytes) {
  if (writes_) write_file(place(name), bytes);
}

fs::path OutputFolder::place(const std::string& name) {
  written_.insert(name);
  return path_ / name;
}

void OutputFolder::remove_stale() const {
  if (!writes_) return;
  for (const auto name : files_) {
    std::error_code ignored;
    if (!written_.contains(std::string(name))) fs::remove(path_ / name, ignored);
  }
}

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (const auto& field : fields) {
    if (&field != &fields.front()) line += ',';
    if (field.find_first_of(",\"\r\n") == field.npos) {
      line += field;
      continue;
    }
    line += '"';
    for (const char c : field) line += c == '"' ? std::string("\"\"") : std::string(1, c);
    line += '"';
  }
  return line + '\n';
}

std::string exact_number(double value) { return fmt::format("{}", value); }

}  // namespace sinter::app
