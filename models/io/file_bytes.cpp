#include <sinter/models/io/file_bytes.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <sinter/runtime/base/errors.hpp>

namespace sinter {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(std::string_view action, const fs::path& path, int error) {
  throw IoError(fmt::format("cannot {} '{}': {}", action, path.string(), std::strerror(error)));
}

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int get() const { return descriptor_; }
  /// Some file systems report a full disk only now. Returns the error number, or 0.
  int close() { return ::close(std::exchange(descriptor_, -1)) == 0 ? 0 : errno; }

 private:
  int descriptor_;
};

/// Returns the error number, or 0.
int write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

void write_in_place(const fs::path& path, std::string_view bytes) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.get() < 0) fail("write", path, errno);
  if (const int error = write_all(file.get(), bytes)) fail("write", path, error);
  if (const int error = file.close()) fail("write", path, error);
}

}  // namespace

std::string read_file(const fs::path& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) fail("read", path, errno);
  std::string bytes;
  constexpr std::size_t block = 1 << 20;
  for (;;) {
    const auto size = bytes.size();
    bytes.resize(size + block);
    const auto count = ::read(file.get(), bytes.data() + size, block);
    if (count < 0 && errno != EINTR) fail("read", path, errno);  // EISDIR for a folder
    bytes.resize(size + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count == 0) return bytes;
  }
}

void write_file(const fs::path& path, std::string_view bytes) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) fail("write", path, EISDIR);
    if (!S_ISREG(status.st_mode)) return write_in_place(path, bytes);
  }
  // A symbolic link stays one: what it points to is replaced.
  std::error_code ignored;
  const auto target = fs::is_symlink(path, ignored) ? fs::weakly_canonical(path) : path;
  const auto folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  const auto temporary = folder / fmt::format(".{}.{}.tmp", target.filename().string(), ::getpid());

  Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (file.get() < 0) fail("write", path, errno);
  int error = write_all(file.get(), bytes);
  if (error == 0 && ::fsync(file.get()) != 0 && errno != EINVAL) error = errno;
  if (const int closing = file.close(); error == 0) error = closing;
  if (error == 0 && ::rename(temporary.c_str(), target.c_str()) != 0) error = errno;
  if (error != 0) {
    ::unlink(temporary.c_str());
    fail("write", path, error);
  }
  // The rename itself survives a power cut only once the folder is on the disk; where that cannot be asked for, so be
  // it.
  if (Descriptor place(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); place.get() >= 0)
    ::fsync(place.get());
}

}  // namespace sinter
