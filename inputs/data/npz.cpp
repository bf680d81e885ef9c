// NPZ: a ZIP archive of NPY files, stored or deflated. The central directory at the end tells the members; zlib
// inflates them. ZIP64, which starts at 4 GiB or 65535 members, and encryption are refused.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
#include <algorithm>
#include <cstring>
#include <limits>

#include <fmt/format.h>
#include <zlib.h>

#include <sinter/inputs/data/formats.hpp>
#include <sinter/inputs/data/npy_table.hpp>
#include <sinter/inputs/text_file.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter::inputs::detail {
namespace {

struct Member {
  std::string name;  ///< of the array: without .npy
  unsigned flags = 0, method = 0;
  std::uint32_t crc = 0, packed = 0, size = 0, header = 0;
};

class ZipArchive {
 public:
  ZipArchive(std::string path, std::string bytes) : path_(std::move(path)), bytes_(std::move(bytes)) {
    constexpr std::size_t end_size = 22;
    if (bytes_.empty()) throw DataError(fmt::format("{}: empty; expected a NumPy archive", path_));
    if (bytes_.compare(0, 2, "PK") != 0) throw DataError(fmt::format("{}: not a NumPy archive (NPZ)", path_));
    const auto end = bytes_.rfind("PK\x05\x06");
    if (end == std::string::npos || end + end_size > bytes_.size()) fail("truncated: its directory is missing");
    const auto count = number(end + 10, 2);
    std::size_t at = number(end + 16, 4);
    if (count == 0xFFFF || at == 0xFFFFFFFF)
      fail("a ZIP64 archive (4 GiB and more); allowed: smaller ones; use NPY or HDF5");
    for (std::uint32_t k = 0; k < count; ++k) {
      constexpr std::size_t entry_size = 46;
      if (at + entry_size > bytes_.size() || bytes_.compare(at, 4, "PK\x01\x02") != 0) fail("damaged directory");
      const auto name_length = number(at + 28, 2);
      if (at + entry_size + name_length > bytes_.size()) fail("damaged directory");
      Member member;
      member.name = bytes_.substr(at + entry_size, name_length);
      if (member.name.ends_with(".npy")) member.name.resize(member.name.size() - 4);
      member.flags = number(at + 8, 2);
      member.method = number(at + 10, 2);
      member.crc = number(at + 16, 4);
      member.packed = number(at + 20, 4);
      member.size = number(at + 24, 4);
      member.header = number(at + 42, 4);
      members_.push_back(std::move(member));
      at += entry_size + name_length + number(at + 30, 2) + number(at + 32, 2);
    }
  }

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& member : members_) names.push_back(member.name);
    return names;
  }

  /// The table of an array, or null where there is none.
  [[nodiscard]] std::shared_ptr<Table> open(const std::string& name) const {
    const auto it = std::find_if(members_.begin(), members_.end(),
                                 [&](const Member& member) { return member.name == name; });
    if (it == members_.end()) return nullptr;
    const auto what = fmt::format("{}: array '{}'", path_, name);
    return std::make_shared<NpyTable>(what, RandomAccessFile::in_memory(what, unpack(*it)));
  }

 private:
  [[noreturn]] void fail(std::string_view message) const { throw DataError(fmt::format("{}: {}", path_, message)); }

  [[nodiscard]] std::uint32_t number(std::size_t at, std::size_t size) const {
    std::uint32_t value = 0;
    if (at + size > bytes_.size()) fail("truncated");
    std::memcpy(&value, bytes_.data() + at, size);
    return value;
  }

  [[nodiscard]] std::string unpack(const Member& member) const {
    constexpr std::size_t local_size = 30;
    const auto start = std::size_t{member.header} + local_size + number(std::size_t{member.header} + 26, 2) +
                       number(std::size_t{member.header} + 28, 2);
    if (bytes_.compare(member.header, 4, "PK\x03\x04") != 0)
      fail(fmt::format("array '{}': damaged header", member.name));
    if (start + member.packed > bytes_.size()) fail(fmt::format("array '{}': truncated", member.name));
    if ((member.flags & 1U) != 0) fail(fmt::format("array '{}': encrypted", member.name));
    require_memory(member.size, fmt::format("{}: array '{}'", path_, member.name));
    std::string out;
    if (member.method == 0) {
      out = bytes_.substr(start, member.packed);
    } else if (member.method == Z_DEFLATED) {
      out.resize(member.size);
      z_stream stream{};
      inflateInit2(&stream, -MAX_WBITS);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes_.data() + start));
      stream.avail_in = member.packed;
      stream.next_out = reinterpret_cast<Bytef*>(out.data());
      stream.avail_out = member.size;
      const int status = inflate(&stream, Z_FINISH);
      inflateEnd(&stream);
      if (status != Z_STREAM_END || stream.total_out != member.size)
        fail(fmt::format("array '{}': damaged compressed data", member.name));
    } else {
      fail(fmt::format("array '{}': compression method {}; allowed: stored (0), deflated (8)", member.name,
                       member.method));
    }
    const auto crc = crc32(0, reinterpret_cast<const Bytef*>(out.data()), static_cast<uInt>(out.size()));
    if (out.size() != member.size || crc != member.crc)
      fail(fmt::format("array '{}': its checksum does not match", member.name));
    return out;
  }

  std::string path_;
  std::string bytes_;
  std::vector<Member> members_;
};

}  // namespace

std::unique_ptr<DataSource> open_npz(const DataSpec& spec, const std::string& path, DataPart part) {
  const ZipArchive archive(path, read_file(path, std::numeric_limits<std::uint64_t>::max()));
  const auto open = [&](const std::string& name) { return archive.open(name); };
  return open_arrays(spec, path, part, open, archive.names());
}

}  // namespace sinter::inputs::detail
