// A file of which parts are read where they stand, so that it need not fit into memory. Read with pread, not mapped: a
// file that shrinks under a mapping ends the process. What was seen of the file at opening (size, time of change) is
// compared after each read, because parts that were read at different times must belong together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <string>

namespace sinter::inputs::detail {

class RandomAccessFile {
 public:
  /// Opens the file. What can be read only once and in order (a pipe, /dev/stdin) is read now and held in memory.
  /// Throws IoError ("path: no such file", ...).
  explicit RandomAccessFile(const std::filesystem::path& path);
  /// Bytes in memory that take the place of a file, named `what` in messages.
  static RandomAccessFile in_memory(std::string what, std::string bytes);

  RandomAccessFile(RandomAccessFile&& other) noexcept;
  RandomAccessFile& operator=(RandomAccessFile&&) = delete;
  ~RandomAccessFile();

  /// The file's path.
  [[nodiscard]] const std::string& name() const { return name_; }
  /// In bytes, as it was at opening.
  [[nodiscard]] std::uint64_t size() const { return size_; }

  /// Bytes offset ... offset + count - 1, which must lie within size(), into `out`. Throws IoError where they cannot be
  /// read, and where the file was changed since it was opened.
  void read(std::uint64_t offset, std::size_t count, char* out) const;

  /// Throws the IoError of a file that was changed since it was opened: for readers that find other contents.
  [[noreturn]] void fail_changed() const;

 private:
  RandomAccessFile() = default;

  std::string name_;
  int descriptor_ = -1;  ///< -1 where the bytes are held
  std::string held_;
  std::uint64_t size_ = 0;
  std::timespec changed_{};
};

}  // namespace sinter::inputs::detail
