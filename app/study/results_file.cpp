#include <sinter/app/study/results_file.hpp>

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <sinter/app/file_lock.hpp>
#include <sinter/models/io/file_bytes.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter::app {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view what) {
  throw IoError(fmt::format("'{}' {}: {}", path.string(), what, std::strerror(errno)));
}

}  // namespace

ResultsFile::ResultsFile(const std::filesystem::path& path, const Json& definition) : path_(path) {
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file_ < 0) fail(path_, "cannot be opened");
  try {
    if (try_lock(file_, path) == Lock::taken)
      throw IoError(fmt::format("'{}' is being written by another study", path.string()));
    auto text = read_file(path);
    if (const auto whole = text.rfind('\n') + 1; whole != text.size()) {  // npos + 1 is 0
      text.resize(whole);
      repaired_ = true;
      if (::ftruncate(file_, static_cast<off_t>(whole)) != 0) fail(path_, "cannot be repaired");
    }
    std::size_t number = 0;
    for (std::size_t from = 0; from < text.size(); from = text.find('\n', from) + 1) {
      const auto line = text.substr(from, text.find('\n', from) - from);
      try {
        if (number++ != 0) {
          trials_.push_back(from_line(line));
          continue;
        }
        const auto earlier = Json::parse(line);
        for (const auto& [key, value] : definition.items()) {
          if (earlier.contains(key) && earlier.at(key) == value) continue;
          throw ConfigError(
              fmt::format("'{}' holds measurements of another study: '{}' differs; choose another output folder, or "
                          "remove this one",
                          path.string(), key));
        }
      } catch (const Json::exception& error) {
        throw IoError(fmt::format("{}:{}: not a line of a study's results: {}", path.string(), number, error.what()));
      } catch (const IoError& error) {
        throw IoError(fmt::format("{}:{}: {}", path.string(), number, error.what()));
      }
    }
    if (number == 0) write_line(definition.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  } catch (...) {
    ::close(file_);
    throw;
  }
}

ResultsFile::~ResultsFile() { ::close(file_); }

void ResultsFile::append(const Trial& trial) {
  write_line(to_line(trial));
  trials_.push_back(trial);
}

void ResultsFile::write_line(const std::string& line) {
  struct stat before {};
  if (::fstat(file_, &before) != 0) fail(path_, "cannot be written");
  std::size_t done = 0;
  while (done < line.size()) {
    const auto count = ::write(file_, line.data() + done, line.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  if (done == line.size() && ::fdatasync(file_) == 0) return;
  const int error = errno;
  [[maybe_unused]] const int ignored = ::ftruncate(file_, before.st_size);
  errno = error;
  fail(path_, "cannot be written");
}

Json definition_of(const StudyFile& study) {
  Json environment = Json::object();
  for (const auto& [name, value] : study.launcher.environment) environment[name] = value;
  Json set = Json::object();
  for (const auto& [key, value] : study.set) set[key] = value;
  return {{"study", 1},
          {"kind", to_name(study.kind)},
          {"run", study.run_text},
          {"set", set},
          {"launcher", to_name(study.launcher.type)},
          {"launcher_arguments", study.launcher.arguments},
          {"binding", to_name(study.launcher.binding)},
          {"environment", environment},
          {"arguments", study.arguments},
          {"target", study.target}};
}

}  // namespace sinter::app
