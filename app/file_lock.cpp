#include <sinter/app/file_lock.hpp>

#include <cerrno>
#include <cstring>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <sinter/app/host_facts.hpp>
#include <sinter/models/io/file_bytes.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter::app {
namespace {

namespace fs = std::filesystem;

/// Whether the path still names the open file: who had the lock before may have removed it.
bool is_still_there(int file, const fs::path& path) {
  struct stat opened {
  }, named{};
  return ::fstat(file, &opened) == 0 && ::stat(path.c_str(), &named) == 0 && opened.st_dev == named.st_dev &&
         opened.st_ino == named.st_ino;
}

}  // namespace

Lock try_lock(int file, const fs::path& path) {
  if (::flock(file, LOCK_EX | LOCK_NB) == 0) return Lock::held;
  switch (errno) {
    case EWOULDBLOCK: return Lock::taken;
    case ENOSYS:
    case EOPNOTSUPP:
    case ENOLCK:
    case EINVAL: return Lock::unsupported;
    default: throw IoError(fmt::format("'{}' cannot be locked: {}", path.string(), std::strerror(errno)));
  }
}

FolderLock::FolderLock(const fs::path& folder, std::chrono::milliseconds patience) : path_(folder / ".lock") {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;; std::this_thread::sleep_for(std::chrono::milliseconds(50))) {
    const int file = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0) throw IoError(fmt::format("cannot write '{}': {}", path_.string(), std::strerror(errno)));
    Lock lock = Lock::taken;
    try {
      lock = try_lock(file, path_);
    } catch (...) {
      ::close(file);
      throw;
    }
    if (lock == Lock::held && is_still_there(file, path_)) {
      file_ = file;
      break;
    }
    ::close(file);
    if (lock == Lock::unsupported) return;
    if (lock == Lock::held || std::chrono::steady_clock::now() < until) continue;
    auto who = read_file(path_);
    who.erase(who.find_last_not_of('\n') + 1);
    throw IoError(fmt::format(
        "another run is writing into the output folder '{}'{}: let it end, or give this run a folder of its "
        "own (run.output, --output)",
        folder.string(), who.empty() ? "" : fmt::format(" ({})", who)));
  }
  const auto text = fmt::format("process {} on {}\n", ::getpid(), host_facts().name);
  // Only a hint for people: on a full disk the lock is as good without.
  [[maybe_unused]] const bool said = ::ftruncate(file_, 0) == 0 && ::write(file_, text.data(), text.size()) > 0;
}

FolderLock::~FolderLock() {
  if (file_ < 0) return;
  ::unlink(path_.c_str());  // while it is held: who waits for it sees that the file is another one
  ::close(file_);
}

}  // namespace sinter::app
