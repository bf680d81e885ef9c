// HDF5: named datasets of one axis (rows) or two (rows and columns), of any number type. Ranges of rows are read as
// hyperslabs, so that a file larger than memory can be read in parts.
#include <fmt/format.h>
#include <hdf5.h>

#include <sinter/inputs/data/formats.hpp>
#include <sinter/inputs/data/table.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter::inputs::detail {
namespace {

/// An HDF5 identifier that is closed by `close` at its end.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  operator hid_t() const { return id_; }
  [[nodiscard]] bool good() const { return id_ >= 0; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

/// Keeps HDF5 from printing its error stack; ours is the one message.
class Quiet {
 public:
  Quiet() {
    H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;
  ~Quiet() { H5Eset_auto2(H5E_DEFAULT, function_, data_); }

 private:
  H5E_auto2_t function_ = nullptr;
  void* data_ = nullptr;
};

class Hdf5Table : public Table {
 public:
  Hdf5Table(std::shared_ptr<Handle> file, std::string what, const std::string& name)
      : file_(std::move(file)),
        what_(std::move(what)),
        dataset_(H5Dopen2(*file_, name.c_str(), H5P_DEFAULT), H5Dclose) {
    if (!dataset_.good()) throw DataError(fmt::format("{}: cannot be opened as a dataset", what_));
    const Handle type(H5Dget_type(dataset_), H5Tclose);
    const auto kind = H5Tget_class(type);
    if (kind != H5T_FLOAT && kind != H5T_INTEGER)
      throw DataError(fmt::format("{}: its elements are no numbers", what_));
    const Handle space(H5Dget_space(dataset_), H5Sclose);
    const int axes = H5Sget_simple_extent_ndims(space);
    if (axes != 1 && axes != 2) {
      throw DataError(fmt::format("{}: {} axes; allowed: 1 (rows) or 2 (rows and columns)", what_, axes));
    }
    hsize_t extents[2] = {0, 1};
    H5Sget_simple_extent_dims(space, extents, nullptr);
    axes_ = axes;
    rows_ = static_cast<std::int64_t>(extents[0]);
    columns_ = static_cast<std::int64_t>(extents[1]);
    if (rows_ <= 0 || columns_ <= 0)
      throw DataError(fmt::format("{}: empty: shape {} x {}", what_, extents[0], extents[1]));
  }
  [[nodiscard]] std::int64_t rows() const override { return rows_; }
  [[nodiscard]] std::int64_t columns() const override { return columns_; }
  void read(std::int64_t first_row, std::int64_t count, double* out) override {
    const Quiet quiet;
    const hsize_t start[2] = {static_cast<hsize_t>(first_row), 0};
    const hsize_t extents[2] = {static_cast<hsize_t>(count), static_cast<hsize_t>(columns_)};
    const Handle in_file(H5Dget_space(dataset_), H5Sclose);
    const Handle in_memory(H5Screate_simple(axes_, extents, nullptr), H5Sclose);
    const bool good = H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start, nullptr, extents, nullptr) >= 0 &&
                      H5Dread(dataset_, H5T_NATIVE_DOUBLE, in_memory, in_file, H5P_DEFAULT, out) >= 0;
    if (!good)
      throw DataError(fmt::format("{}: rows {} to {} cannot be read", what_, first_row, first_row + count - 1));
  }

 private:
  std::shared_ptr<Handle> file_;
  std::string what_;
  Handle dataset_;
  int axes_ = 1;
  std::int64_t rows_ = 0, columns_ = 1;
};

/// What stands at the top of the file, for messages.
std::vector<std::string> top_names(hid_t file) {
  std::vector<std::string> names;
  H5G_info_t info{};
  H5Gget_info(file, &info);
  for (hsize_t k = 0; k < info.nlinks; ++k) {
    char name[256] = {};
    if (H5Lget_name_by_idx(file, ".", H5_INDEX_NAME, H5_ITER_INC, k, name, sizeof name, H5P_DEFAULT) >= 0)
      names.emplace_back(name);
  }
  return names;
}

/// Whether a dataset of that path is there; each group on the way has to be asked for.
bool exists(hid_t file, const std::string& name) {
  for (std::size_t slash = name.find('/', 1); slash != std::string::npos; slash = name.find('/', slash + 1)) {
    if (H5Lexists(file, name.substr(0, slash).c_str(), H5P_DEFAULT) <= 0) return false;
  }
  return H5Lexists(file, name.c_str(), H5P_DEFAULT) > 0;
}

}  // namespace

std::unique_ptr<DataSource> open_hdf5(const DataSpec& spec, const std::string& path, DataPart part) {
  const Quiet quiet;
  const auto file = std::make_shared<Handle>(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  if (!file->good()) throw DataError(fmt::format("{}: not an HDF5 file, or damaged", path));
  const auto open = [&](const std::string& name) -> std::shared_ptr<Table> {
    if (!exists(*file, name)) return nullptr;
    return std::make_shared<Hdf5Table>(file, fmt::format("{}: array '{}'", path, name), name);
  };
  return open_arrays(spec, path, part, open, top_names(*file));
}

}  // namespace sinter::inputs::detail
