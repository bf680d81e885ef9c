#include <sinter/inputs/text_file.hpp>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include <fmt/format.h>
#include <unistd.h>

#include <sinter/runtime/base/errors.hpp>

namespace sinter::inputs::detail {

std::string read_file(const std::filesystem::path& path, std::uint64_t limit) {
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (status.type() == std::filesystem::file_type::not_found)
    throw IoError(fmt::format("{}: no such file", path.string()));
  if (status.type() == std::filesystem::file_type::directory) {
    throw IoError(fmt::format("{}: is a folder, not a file", path.string()));
  }
  const auto close = [](std::FILE* file) { std::fclose(file); };
  const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "rb"), close);
  if (!file) throw IoError(fmt::format("{}: cannot be opened: {}", path.string(), std::strerror(errno)));
  std::string text;
  if (const auto size = std::filesystem::file_size(path, code); !code && size <= limit) text.reserve(size);
  std::array<char, 1 << 16> block{};
  while (const auto got = std::fread(block.data(), 1, block.size(), file.get())) {
    if (text.size() + got > limit) {
      throw DataError(fmt::format("{}: larger than {} bytes, the most that is read here", path.string(), limit));
    }
    text.append(block.data(), got);
  }
  if (std::ferror(file.get()))
    throw IoError(fmt::format("{}: cannot be read: {}", path.string(), std::strerror(errno)));
  return text;
}

void require_memory(double bytes, std::string_view what) {
  const auto memory = static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGE_SIZE));
  if (bytes > memory) {
    throw DataError(fmt::format("{}: {:.3g} GB are needed, more than the memory of this machine", what, bytes * 1e-9));
  }
}

std::size_t first_invalid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
    const unsigned lead = byte(at);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    if (length == 0 || at + length > text.size()) return at;
    for (std::size_t k = 1; k < length; ++k) {
      if ((byte(at + k) & 0xC0U) != 0x80U) return at;
    }
    // Overlong forms, surrogates, and what lies beyond U+10FFFF.
    if ((lead == 0xE0 && byte(at + 1) < 0xA0) || (lead == 0xED && byte(at + 1) > 0x9F) ||
        (lead == 0xF0 && byte(at + 1) < 0x90) || (lead == 0xF4 && byte(at + 1) > 0x8F)) {
      return at;
    }
    at += length;
  }
  return std::string::npos;
}

}  // namespace sinter::inputs::detail
