#include <sinter/models/io/checkpoint_folder.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <string>

#include <unistd.h>

#include <fmt/format.h>

#include <sinter/models/io/archive.hpp>
#include <sinter/models/io/file_bytes.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "checkpoint-", suffix = ".h5", aside = ".damaged";

/// The number in the name of a checkpoint's file; 0: the name is not that of one.
std::int64_t number_in(std::string_view digits) {
  if (!digits.starts_with(prefix) || !digits.ends_with(suffix)) return 0;
  digits.remove_prefix(prefix.size());
  digits.remove_suffix(suffix.size());
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc{} && end == digits.data() + digits.size() && number > 0 ? number : 0;
}

std::int64_t number_of(const fs::path& path) { return number_in(path.filename().string()); }

/// The same of one that was set aside.
std::int64_t number_of_damaged(const fs::path& path) {
  auto name = path.filename().string();
  if (!name.ends_with(aside)) return 0;
  name.resize(name.size() - aside.size());
  return number_in(name);
}

/// What write_file() leaves where its process is killed: ".checkpoint-000001.h5.1234.tmp". Not what a process of that
/// number may be writing at this moment.
bool half_written(const fs::path& path) {
  const auto name = path.filename().string();
  constexpr std::string_view end = ".tmp";
  if (!name.starts_with(".") || !name.substr(1).starts_with(prefix) || !name.ends_with(end)) return false;
  const auto digits = std::string_view(name).substr(0, name.size() - end.size());
  pid_t process = 0;
  const auto* const first = digits.data() + digits.rfind('.') + 1;
  const auto [last, error] = std::from_chars(first, digits.data() + digits.size(), process);
  const bool numbered = error == std::errc{} && last == digits.data() + digits.size() && process > 0;
  return !numbered || process == ::getpid() || (::kill(process, 0) != 0 && errno == ESRCH);
}

/// The files of a folder that pass a test; none where there is no folder. Throws IoError where it cannot be read: a
/// checkpoint that is not seen would be work lost.
template <class Test>
std::vector<fs::path> files_of(const fs::path& folder, const Test& test) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (test(entry->path())) files.push_back(entry->path());
  }
  if (error && error != std::errc::no_such_file_or_directory)
    throw IoError(fmt::format("cannot read the folder '{}': {}", folder.string(), error.message()));
  return files;
}

}  // namespace

void CheckpointFolder::open() const {
  std::error_code error;
  fs::create_directories(path_, error);
  if (error) throw IoError(fmt::format("cannot make the folder '{}': {}", path_.string(), error.message()));
  for (const auto& file : files_of(path_, half_written)) fs::remove(file, error);
  // Whether it can be written only writing tells: permission bits say nothing of root, read-only mounts and quotas.
  const auto trial = path_ / ".trial";
  write_file(trial, "trial\n");
  fs::remove(trial, error);
}

std::vector<fs::path> CheckpointFolder::files() const {
  auto files = files_of(path_, number_of);
  std::ranges::sort(files, std::ranges::greater{}, number_of);
  return files;
}

CheckpointFolder::Written CheckpointFolder::write(const Checkpoint& checkpoint) const {
  auto earlier = files();
  // A number is used once, so that one that is set aside meets no other of its name.
  auto number = earlier.empty() ? 1 : number_of(earlier.front()) + 1;
  for (const auto& file : files_of(path_, number_of_damaged)) number = std::max(number, number_of_damaged(file) + 1);
  Written written{path_ / fmt::format("{}{:06}{}", prefix, number, suffix), 0};
  written.bytes = save_checkpoint(checkpoint, written.path);
  earlier.erase(earlier.begin(), earlier.begin() + std::min<std::ptrdiff_t>(keep_ - 1, std::ssize(earlier)));
  for (const auto& file : earlier) {
    std::error_code ignored;  // one too many harms nothing, and the next write tries again
    fs::remove(file, ignored);
  }
  return written;
}

std::optional<CheckpointFolder::Found> CheckpointFolder::newest(const Damaged& damaged) const {
  for (const auto& file : files()) {
    try {
      return Found{file, load_checkpoint(file)};
    } catch (const DamagedFile& error) {
      damaged(file, error.what());
    }
  }
  return std::nullopt;
}

fs::path CheckpointFolder::set_aside(const fs::path& file) const {
  auto name = file;
  name += aside;
  std::error_code error;
  fs::rename(file, name, error);
  if (error)
    throw IoError(fmt::format("cannot rename '{}' to '{}': {}", file.string(), name.string(), error.message()));
  return name;
}

}  // namespace sinter
