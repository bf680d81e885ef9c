// RAII for HDF5 identifiers, and silence for HDF5's own error printing: Sinter reports errors itself, and an
// application that embeds it keeps its own setting.
#pragma once

#include <string>
#include <utility>

#include <hdf5.h>

#include <sinter/runtime/base/errors.hpp>

namespace sinter {

/// Owns one identifier. Throws IoError with `what` where HDF5 gave none.
class Hdf5Handle {
 public:
  using Close = herr_t (*)(hid_t);

  Hdf5Handle(hid_t id, Close close, const std::string& what) : id_(id), close_(close) {
    if (id_ < 0) throw IoError("HDF5 failed to " + what);
  }
  Hdf5Handle(Hdf5Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
  Hdf5Handle(const Hdf5Handle&) = delete;
  Hdf5Handle& operator=(const Hdf5Handle&) = delete;
  Hdf5Handle& operator=(Hdf5Handle&&) = delete;
  ~Hdf5Handle() {
    if (id_ >= 0) close_(id_);
  }

  operator hid_t() const { return id_; }  // NOLINT(google-explicit-constructor): it is passed to HDF5 everywhere

 private:
  hid_t id_;
  Close close_;
};

/// Throws IoError with `what` where an HDF5 call failed.
inline void hdf5_check(herr_t result, const std::string& what) {
  if (result < 0) throw IoError("HDF5 failed to " + what);
}

/// While it lives, HDF5 prints no error stacks.
class Hdf5Silence {
 public:
  Hdf5Silence() {
    H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  Hdf5Silence(const Hdf5Silence&) = delete;
  Hdf5Silence& operator=(const Hdf5Silence&) = delete;
  ~Hdf5Silence() { H5Eset_auto2(H5E_DEFAULT, function_, data_); }

 private:
  H5E_auto2_t function_ = nullptr;
  void* data_ = nullptr;
};

}  // namespace sinter
