#include <sinter/inputs/random_access_file.hpp>

#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <sinter/inputs/text_file.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter::inputs::detail {

RandomAccessFile::RandomAccessFile(const std::filesystem::path& path) : name_(path.string()) {
  std::error_code code;
  if (!std::filesystem::is_regular_file(path, code)) {  // also what is missing, or a folder, which read_file() tells
    held_ = read_file(path, std::numeric_limits<std::uint64_t>::max());
    size_ = held_.size();
    return;
  }
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) throw IoError(fmt::format("{}: cannot be opened: {}", name_, std::strerror(errno)));
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) {
    const int error = errno;
    ::close(descriptor_);
    throw IoError(fmt::format("{}: cannot be read: {}", name_, std::strerror(error)));
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
  changed_ = status.st_mtim;
}

RandomAccessFile RandomAccessFile::in_memory(std::string what, std::string bytes) {
  RandomAccessFile file;
  file.name_ = std::move(what);
  file.held_ = std::move(bytes);
  file.size_ = file.held_.size();
  return file;
}

RandomAccessFile::RandomAccessFile(RandomAccessFile&& other) noexcept
    : name_(std::move(other.name_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      held_(std::move(other.held_)),
      size_(other.size_),
      changed_(other.changed_) {}

RandomAccessFile::~RandomAccessFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void RandomAccessFile::read(std::uint64_t offset, std::size_t count, char* out) const {
  if (descriptor_ < 0) {
    std::memcpy(out, held_.data() + offset, count);
    return;
  }
  while (count > 0) {
    const auto got = ::pread(descriptor_, out, count, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw IoError(fmt::format("{}: cannot be read: {}", name_, std::strerror(errno)));
    if (got == 0) fail_changed();  // it became shorter
    out += got;
    offset += static_cast<std::uint64_t>(got);
    count -= static_cast<std::size_t>(got);
  }
  // After the bytes, so that a change before or while they were read is seen.
  struct stat now {};
  if (::fstat(descriptor_, &now) != 0)
    throw IoError(fmt::format("{}: cannot be read: {}", name_, std::strerror(errno)));
  if (static_cast<std::uint64_t>(now.st_size) != size_ || now.st_mtim.tv_sec != changed_.tv_sec ||
      now.st_mtim.tv_nsec != changed_.tv_nsec) {
    fail_changed();
  }
}

void RandomAccessFile::fail_changed() const {
  throw IoError(fmt::format("{}: was changed while it was being read", name_));
}

}  // namespace sinter::inputs::detail
