// Whole files as bytes: reading with clear errors, and writing such that a file is either the old one or the complete
// new one. The new bytes go to a temporary name in the same folder, are synchronised to the disk, and are renamed into
// place.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace sinter {

/// The bytes of a regular file. Throws IoError when it is missing, a folder, or cannot be read.
std::string read_file(const std::filesystem::path& path);

/// Replaces `path` by a file with these bytes, in one step; on failure what was there stays as it was. A path that
/// exists and is no regular file (a pipe, /dev/stdout) is written to directly. Throws IoError (no folder, no
/// permission, disk full, ...).
void write_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace sinter
