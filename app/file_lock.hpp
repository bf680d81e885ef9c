// Locks on files (flock), by which a process keeps others away from what it writes. The kernel lets go of them when the
// process ends, however it ends: a lock is never left over.
#pragma once

#include <chrono>
#include <filesystem>

namespace sinter::app {

enum class Lock {
  held,
  taken,       ///< another process has it
  unsupported  ///< the file system has no locks
};

/// Locks an open file until it is closed, without waiting. Child processes do not inherit it where the file was opened
/// with O_CLOEXEC. Throws IoError, which names `path`, for what is none of these.
Lock try_lock(int file, const std::filesystem::path& path);

/// Keeps a second run out of an output folder: it would mix its results and checkpoints with those of the first. While it
/// is held, the file `.lock` in the folder says which process on which machine has it.
class FolderLock {
 public:
  /// Waits a little: what was just killed may still be ending. Throws IoError where another process keeps the folder.
  explicit FolderLock(const std::filesystem::path& folder,
                      std::chrono::milliseconds patience = std::chrono::seconds(3));
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();

  /// Whether the folder is kept; not where its file system has no locks.
  [[nodiscard]] bool held() const { return file_ >= 0; }

 private:
  std::filesystem::path path_;
  int file_ = -1;
};

}  // namespace sinter::app
