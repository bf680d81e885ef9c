#include <sinter/models/io/archive.hpp>

#include <charconv>
#include <cstring>
#include <optional>
#include <set>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <sinter/models/io/file_bytes.hpp>
#include <sinter/models/io/hdf5_handle.hpp>
#include <sinter/runtime/base/version.hpp>

namespace sinter {
namespace {

constexpr std::size_t header_size = 512;  // the smallest user block of HDF5
constexpr std::string_view magic = "Sinter file; HDF5 data from byte 512\n";
constexpr std::string_view hdf5_magic = "\x89HDF\r\n\x1a\n";

// ---- The header ----------------------------------------------------------------------------------------------------

/// The hash covers the header up to its own line, and all that follows the header.
std::uint64_t content_hash(std::string_view header, std::string_view payload) {
  XXH64_state_t hash;
  XXH64_reset(&hash, 0);
  XXH64_update(&hash, header.data(), header.size());
  XXH64_update(&hash, payload.data(), payload.size());
  return XXH64_digest(&hash);
}

std::string make_header(const Archive& archive, std::string_view payload) {
  std::string header(magic);
  header += fmt::format("kind: {}\nformat: {}\nsinter: {}\nbytes: {}\n", archive.kind, archive.format, version(),
                        header_size + payload.size());
  header += fmt::format("xxh64: {:016x}\n", content_hash(header, payload));
  header.resize(header_size, '\0');
  return header;
}

/// The value of "key: value\n" at the start of `text`, which is moved past the line.
std::optional<std::string_view> take_line(std::string_view& text, std::string_view key) {
  const auto end = text.find('\n');
  if (end == text.npos || !text.starts_with(key) || !text.substr(key.size()).starts_with(": ")) return std::nullopt;
  const auto value = text.substr(key.size() + 2, end - key.size() - 2);
  text.remove_prefix(end + 1);
  return value;
}

template <class Integer>
std::optional<Integer> to_integer(std::optional<std::string_view> text, int base = 10) {
  Integer value{};
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value, base);
  if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return value;
}

/// Throws DamagedFile unless the bytes are complete and as they were written, and only then IoError where they are of
/// another kind or newer: what a damaged header says of these means nothing. Returns the format version.
int verify(std::string_view bytes, std::string_view kind, int newest) {
  if (bytes.empty()) throw DamagedFile("the file is empty");
  if (bytes.starts_with(hdf5_magic)) throw DamagedFile(fmt::format("an HDF5 file, but not a {} file of Sinter", kind));
  if (!bytes.starts_with(magic)) {
    const bool cut = magic.starts_with(bytes);
    throw DamagedFile(cut ? fmt::format("the file is truncated: {} bytes", bytes.size())
                          : fmt::format("not a {} file of Sinter", kind));
  }
  if (bytes.size() < header_size) throw DamagedFile(fmt::format("the file is truncated: {} bytes", bytes.size()));
  const auto header = bytes.substr(0, header_size);
  const auto payload = bytes.substr(header_size);
  auto rest = header.substr(magic.size());
  const auto found_kind = take_line(rest, "kind");
  const auto format = to_integer<int>(take_line(rest, "format"));
  const auto writer = take_line(rest, "sinter");
  const auto size = to_integer<std::size_t>(take_line(rest, "bytes"));
  const auto hashed = header.substr(0, header_size - rest.size());
  const auto hash = to_integer<std::uint64_t>(take_line(rest, "xxh64"), 16);
  if (!found_kind || !format || !writer || !size || !hash || rest.find_first_not_of('\0') != rest.npos) {
    throw DamagedFile("the file is damaged: its header cannot be read");
  }
  if (bytes.size() < *size)
    throw DamagedFile(fmt::format("the file is truncated: {} of {} bytes", bytes.size(), *size));
  if (*size != bytes.size() || *hash != content_hash(hashed, payload)) {
    throw DamagedFile(fmt::format("the file is damaged: xxh64 {:016x} of its contents, {:016x} when it was written",
                                  content_hash(hashed, payload), *hash));
  }
  if (*found_kind != kind) throw IoError(fmt::format("a {} file of Sinter, not a {} file", *found_kind, kind));
  if (*format > newest) {
    throw IoError(
        fmt::format("format version {}, written by Sinter {}; this is Sinter {}, which reads up to version {}", *format,
                    *writer, version(), newest));
  }
  return *format;
}

// ---- HDF5 in memory ------------------------------------------------------------------------------------------------

Hdf5Handle text_type() {
  Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "make a text type");
  hdf5_check(H5Tset_size(type, H5T_VARIABLE), "set a text's size");
  hdf5_check(H5Tset_cset(type, H5T_CSET_UTF8), "set a text's encoding");
  return type;
}

hid_t native_type(Precision precision) {
  return precision == Precision::float32 ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE;
}
hid_t stored_type(Precision precision) { return precision == Precision::float32 ? H5T_IEEE_F32LE : H5T_IEEE_F64LE; }

Hdf5Handle memory_file_access() {
  Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "make file access properties");
  hdf5_check(H5Pset_fapl_core(access, 1 << 16, 0), "choose a file in memory");
  return access;
}

/// Properties of objects to be made: without a modification time, so that the same values give the same bytes.
Hdf5Handle untimed(hid_t kind) {
  Hdf5Handle properties(H5Pcreate(kind), H5Pclose, "make creation properties");
  hdf5_check(H5Pset_obj_track_times(properties, false), "switch off times");
  return properties;
}

class Writer {
 public:
  Writer()
      : file_(H5Fcreate("sinter", H5F_ACC_TRUNC, untimed(H5P_FILE_CREATE), memory_file_access()), H5Fclose,
              "make a file in memory") {
    hdf5_check(H5Pset_create_intermediate_group(links_, 1), "ask for groups");
  }

  void write(const std::string& name, const ArchiveValue& value) {
    std::visit([&](const auto& each) { put(name, each); }, value);
  }

  std::string image() {
    hdf5_check(H5Fflush(file_, H5F_SCOPE_GLOBAL), "flush a file in memory");
    const auto size = H5Fget_file_image(file_, nullptr, 0);
    std::string bytes(static_cast<std::size_t>(std::max<ssize_t>(size, 0)), '\0');
    if (size < 0 || H5Fget_file_image(file_, bytes.data(), bytes.size()) != size)
      throw IoError("HDF5 failed to give a file's image");
    return bytes;
  }

 private:
  void put(const std::string& name, std::int64_t value) {
    put_attribute(name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
  }
  void put(const std::string& name, double value) { put_attribute(name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value); }
  void put(const std::string& name, const std::string& value) {
    const char* text = value.c_str();
    put_attribute(name, text_type_, text_type_, &text);
  }
  void put(const std::string& name, const std::vector<std::string>& values) {
    std::vector<const char*> texts;
    for (const auto& value : values) texts.push_back(value.c_str());
    put_data_set(name, {static_cast<hsize_t>(values.size())}, text_type_, text_type_, texts.data());
  }
  void put(const std::string& name, const NamedArray& array) {
    const auto element = array.precision == Precision::float32 ? sizeof(float) : sizeof(double);
    if (array.bytes.size() != static_cast<std::size_t>(array.size()) * element) {
      throw ShapeError(fmt::format("array '{}' holds {} bytes; its shape asks for {}", name, array.bytes.size(),
                                   static_cast<std::size_t>(array.size()) * element));
    }
    put_data_set(name, {array.shape.begin(), array.shape.end()}, stored_type(array.precision),
                 native_type(array.precision), array.bytes.data());
  }

  void put_attribute(const std::string& name, hid_t stored, hid_t native, const void* value) {
    const auto slash = name.rfind('/');
    const auto what = "write '" + name + "'";
    const Hdf5Handle scalar(H5Screate(H5S_SCALAR), H5Sclose, what);
    const Hdf5Handle place = slash == name.npos ? Hdf5Handle(H5Gopen2(file_, "/", H5P_DEFAULT), H5Gclose, what)
                                                : group(name.substr(0, slash));
    const auto leaf = slash == name.npos ? name : name.substr(slash + 1);
    const Hdf5Handle attribute(H5Acreate2(place, leaf.c_str(), stored, scalar, H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                               what);
    hdf5_check(H5Awrite(attribute, native, value), what);
  }

  void put_data_set(const std::string& name, const std::vector<hsize_t>& shape, hid_t stored, hid_t native,
                    const void* data) {
    const auto what = "write '" + name + "'";
    if (const auto slash = name.rfind('/'); slash != name.npos) group(name.substr(0, slash));
    const Hdf5Handle space(H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr), H5Sclose, what);
    const Hdf5Handle set(H5Dcreate2(file_, name.c_str(), stored, space, H5P_DEFAULT, data_set_, H5P_DEFAULT), H5Dclose,
                         what);
    hdf5_check(H5Dwrite(set, native, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), what);
  }

  Hdf5Handle group(const std::string& path) {
    const auto what = "make the group '" + path + "'";
    if (known_.insert(path).second)
      return {H5Gcreate2(file_, path.c_str(), links_, group_, H5P_DEFAULT), H5Gclose, what};
    return {H5Gopen2(file_, path.c_str(), H5P_DEFAULT), H5Gclose, what};
  }

  Hdf5Silence silence_;
  Hdf5Handle file_;
  Hdf5Handle text_type_ = text_type();
  Hdf5Handle links_{H5Pcreate(H5P_LINK_CREATE), H5Pclose, "make link properties"};
  Hdf5Handle group_ = untimed(H5P_GROUP_CREATE), data_set_ = untimed(H5P_DATASET_CREATE);
  std::set<std::string> known_;
};

class Reader {
 public:
  explicit Reader(std::string_view image) : file_(open(image)) {}

  std::map<std::string, ArchiveValue> values() {
    std::vector<std::string> names{"."};
    const auto collect = [](hid_t, const char* name, const H5L_info_t*, void* list) -> herr_t {
      static_cast<std::vector<std::string>*>(list)->emplace_back(name);
      return 0;
    };
    hdf5_check(H5Lvisit(file_, H5_INDEX_NAME, H5_ITER_INC, collect, &names), "list the contents");
    std::map<std::string, ArchiveValue> all;
    for (const auto& name : names) {
      const Hdf5Handle object(H5Oopen(file_, name.c_str(), H5P_DEFAULT), H5Oclose, "open '" + name + "'");
      if (H5Iget_type(object) == H5I_DATASET) all.emplace(name, data_set(name, object));
      if (H5Iget_type(object) == H5I_GROUP) attributes(name == "." ? "" : name + "/", object, all);
    }
    return all;
  }

 private:
  static Hdf5Handle open(std::string_view image) {
    const auto access = memory_file_access();
    // HDF5 copies the image, and so leaves it as it is.
    hdf5_check(H5Pset_file_image(access, const_cast<char*>(image.data()), image.size()), "take a file's image");
    return {H5Fopen("sinter", H5F_ACC_RDONLY, access), H5Fclose, "open the file's contents"};
  }

  void attributes(const std::string& prefix, hid_t group, std::map<std::string, ArchiveValue>& all) {
    std::vector<std::string> names;
    const auto collect = [](hid_t, const char* name, const H5A_info_t*, void* list) -> herr_t {
      static_cast<std::vector<std::string>*>(list)->emplace_back(name);
      return 0;
    };
    hdf5_check(H5Aiterate2(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect, &names), "list attributes");
    for (const auto& name : names) {
      const auto what = "read '" + prefix + name + "'";
      const Hdf5Handle attribute(H5Aopen(group, name.c_str(), H5P_DEFAULT), H5Aclose, what);
      const Hdf5Handle type(H5Aget_type(attribute), H5Tclose, what);
      const Hdf5Handle space(H5Aget_space(attribute), H5Sclose, what);
      if (H5Sget_simple_extent_npoints(space) != 1)
        throw IoError(fmt::format("'{}{}' is not a single value", prefix, name));
      const auto read = [&](hid_t native, void* value) { hdf5_check(H5Aread(attribute, native, value), what); };
      ArchiveValue value;
      switch (H5Tget_class(type)) {
        case H5T_INTEGER: read(H5T_NATIVE_INT64, &value.emplace<std::int64_t>()); break;
        case H5T_FLOAT: read(H5T_NATIVE_DOUBLE, &value.emplace<double>()); break;
        case H5T_STRING: {
          char* text = nullptr;
          read(text_type_, &text);
          value = std::string(text ? text : "");
          H5free_memory(text);
          break;
        }
        default: throw IoError(fmt::format("'{}{}' has an unexpected type", prefix, name));
      }
      all.emplace(prefix + name, std::move(value));
    }
  }

  ArchiveValue data_set(const std::string& name, hid_t set) {
    const auto what = "read '" + name + "'";
    const Hdf5Handle type(H5Dget_type(set), H5Tclose, what);
    const Hdf5Handle space(H5Dget_space(set), H5Sclose, what);
    const auto read = [&](hid_t native, void* data) {
      hdf5_check(H5Dread(set, native, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), what);
    };
    const auto points = static_cast<std::size_t>(H5Sget_simple_extent_npoints(space));
    if (H5Tget_class(type) == H5T_STRING) {
      std::vector<char*> texts(points, nullptr);
      read(text_type_, texts.data());
      std::vector<std::string> values;
      for (const char* text : texts) values.emplace_back(text ? text : "");
      H5Dvlen_reclaim(text_type_, space, H5P_DEFAULT, texts.data());
      return values;
    }
    const auto element = H5Tget_size(type);
    if (H5Tget_class(type) != H5T_FLOAT || (element != sizeof(float) && element != sizeof(double))) {
      throw IoError(fmt::format("'{}' has an unexpected type", name));
    }
    NamedArray array{name, element == sizeof(float) ? Precision::float32 : Precision::float64, {}, {}};
    std::vector<hsize_t> shape(static_cast<std::size_t>(H5Sget_simple_extent_ndims(space)));
    H5Sget_simple_extent_dims(space, shape.data(), nullptr);
    array.shape.assign(shape.begin(), shape.end());
    array.bytes.resize(points * element);
    read(native_type(array.precision), array.bytes.data());
    return array;
  }

  Hdf5Silence silence_;
  Hdf5Handle file_;
  Hdf5Handle text_type_ = text_type();
};

}  // namespace

std::string archive_bytes(const Archive& archive) {
  Writer writer;
  for (const auto& [name, value] : archive.values) writer.write(name, value);
  const auto payload = writer.image();
  return make_header(archive, payload) + payload;
}

void write_archive(const Archive& archive, const std::filesystem::path& path) {
  write_file(path, archive_bytes(archive));
}

Archive read_archive(const std::filesystem::path& path, std::string_view kind, int newest) {
  const auto bytes = read_file(path);
  const auto told = [&](const IoError& error) {
    return fmt::format("cannot read '{}': {}", path.string(), error.what());
  };
  try {
    const int format = verify(bytes, kind, newest);
    return {std::string(kind), format, Reader(std::string_view(bytes).substr(header_size)).values()};
  } catch (const DamagedFile& error) {
    throw DamagedFile(told(error));
  } catch (const IoError& error) {
    throw IoError(told(error));
  }
}

}  // namespace sinter
