// Named values in an HDF5 file: what model files and checkpoints are made of. Scalars and texts become attributes,
// arrays and lists of texts data sets, so that h5py and h5dump can read them. A name is a path: "layer0/activation" is
// the attribute `activation` of the group `layer0`.
//
// A file begins with a user block of 512 bytes of plain text (HDF5 skips it) that states kind, format version, length
// and the xxHash64 of all the rest. It is verified before HDF5 sees a byte: no damaged file reaches HDF5's parser.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include <sinter/models/spec/model_state.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter {

/// The bytes of a file are not those that were written: it is empty, cut, changed, or never was a file of Sinter. Told
/// apart from a file that could not be read or that another version wrote, which may be as good as ever.
class DamagedFile : public IoError {
 public:
  using IoError::IoError;
};

using ArchiveValue = std::variant<std::int64_t, double, std::string, std::vector<std::string>, NamedArray>;

struct Archive {
  std::string kind;  ///< "model"; one word
  int format = 1;    ///< version of the layout of this kind, >= 1
  std::map<std::string, ArchiveValue> values;

  /// Throws IoError when the value is missing or of another type.
  template <class T>
  [[nodiscard]] const T& get(const std::string& name) const {
    const auto found = values.find(name);
    if (found == values.end()) throw IoError(fmt::format("'{}' is missing", name));
    if (const auto* value = std::get_if<T>(&found->second)) return *value;
    throw IoError(fmt::format("'{}' has an unexpected type", name));
  }
};

/// The bytes of the file; the same values give the same bytes.
std::string archive_bytes(const Archive& archive);

/// Writes in one step (see file_bytes.hpp). Throws IoError.
void write_archive(const Archive& archive, const std::filesystem::path& path);

/// Reads an archive of this kind, at most of format version `newest`. Throws IoError that says what is wrong with the
/// file: missing, a folder, of another kind, newer; DamagedFile where it is truncated, changed or not Sinter's.
Archive read_archive(const std::filesystem::path& path, std::string_view kind, int newest);

}  // namespace sinter
