// Whole files as text, with one clear error for what is missing, a folder, unreadable, or too large.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace sinter::inputs::detail {

/// Throws IoError ("path: no such file", "path: is a folder, not a file", ...) or, above `limit` bytes, DataError.
std::string read_file(const std::filesystem::path& path, std::uint64_t limit);

/// Throws DataError where `bytes` exceeds the memory of this machine; `what` names them.
void require_memory(double bytes, std::string_view what);

/// The first byte that does not belong to well-formed UTF-8 (RFC 3629), or npos.
std::size_t first_invalid_utf8(std::string_view text);

}  // namespace sinter::inputs::detail
