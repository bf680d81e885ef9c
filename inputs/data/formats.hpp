// What each format and generator of this folder offers to the lists in sources.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <sinter/inputs/data/source.hpp>
#include <sinter/inputs/random_access_file.hpp>

namespace sinter::inputs::detail {

std::unique_ptr<DataSource> open_csv(const DataSpec& spec, const std::string& path, DataPart part);
std::unique_ptr<DataSource> open_npy(const DataSpec& spec, const std::string& path, DataPart part);
std::unique_ptr<DataSource> open_npz(const DataSpec& spec, const std::string& path, DataPart part);
std::unique_ptr<DataSource> open_hdf5(const DataSpec& spec, const std::string& path, DataPart part);
std::unique_ptr<DataSource> open_json(const DataSpec& spec, const std::string& path, DataPart part);

/// A CSV file that is read in blocks of `block` bytes.
std::unique_ptr<DataSource> open_csv(const DataSpec& spec, RandomAccessFile file, std::size_t block);

std::unique_ptr<DataSource> open_xor(std::uint64_t seed, DataPart part);
std::unique_ptr<DataSource> open_uat(std::uint64_t seed, DataPart part);

}  // namespace sinter::inputs::detail
