// The lists of formats and generators: to add one, write its file in this folder and its line here.
#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>

#include <sinter/inputs/data/formats.hpp>
#include <sinter/inputs/data/source.hpp>

namespace sinter {

std::span<const DataFormat> data_formats() {
  using namespace inputs::detail;
  static constexpr std::array<DataFormat, 5> list{{
      {"csv", ".csv .tsv .txt", "text, one record a line", true, open_csv},
      {"npy", ".npy", "one NumPy array", true, open_npy},
      {"npz", ".npz", "named NumPy arrays", false, open_npz},
      {"hdf5", ".h5 .hdf5", "named HDF5 datasets", false, open_hdf5},
      {"json", ".json", "fields m, n, x, y and m_test, x_test, y_test", false, open_json},
  }};
  return list;
}

std::span<const DataGenerator> data_generators() {
  using namespace inputs::detail;
  static constexpr std::array<DataGenerator, 2> list{{
      {"xor", "exclusive or of two inputs: four points, tested on the same four", open_xor},
      {"uat", "points between the x axis and a curve, or not: 25 and 6 of them", open_uat},
  }};
  return list;
}

std::string formats_text() {
  std::string text;
  for (const auto& each : data_formats())
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", each.name, each.extensions);
  return text;
}

bool can_delimit(std::string_view text) {
  if (text.size() != 1) return false;
  const char c = text.front();
  const bool letter_or_digit = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  return !letter_or_digit && std::string_view("\"\r\n.+-").find(c) == std::string_view::npos;
}

const DataFormat* format_of(const DataSpec& spec) {
  const auto formats = data_formats();
  const auto extension = std::filesystem::path(spec.path).extension().string();
  const auto it = std::find_if(formats.begin(), formats.end(), [&](const DataFormat& format) {
    if (spec.format != "auto") return format.name == spec.format;
    const auto at = extension.empty() ? std::string_view::npos : format.extensions.find(extension);
    const auto end = at + extension.size();
    return at != std::string_view::npos && (end == format.extensions.size() || format.extensions[end] == ' ');
  });
  return it == formats.end() ? nullptr : &*it;
}

}  // namespace sinter
