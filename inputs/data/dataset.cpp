#include <sinter/inputs/data/dataset.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

#include <Random123/philox.h>
#include <fmt/format.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <sinter/inputs/data/source.hpp>
#include <sinter/inputs/text_file.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter {
namespace {

std::unique_ptr<DataSource> open(const DataSpec& spec, const std::string& path, DataPart part, std::string_view key) {
  if (!spec.generator.empty()) {
    const auto generators = data_generators();
    const auto it = std::find_if(generators.begin(), generators.end(),
                                 [&](const DataGenerator& g) { return g.name == spec.generator; });
    if (it == generators.end()) throw ConfigError(fmt::format("data.generator: unknown name '{}'", spec.generator));
    return it->open(spec.seed, part);
  }
  const auto* format = format_of(spec);
  if (format == nullptr) throw ConfigError(fmt::format("data.format: '{}' in no known format", path));
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (!std::filesystem::exists(status)) throw IoError(fmt::format("{}: no such file ({})", path, key));
  if (std::filesystem::is_directory(status)) throw IoError(fmt::format("{}: is a folder, not a file ({})", path, key));
  return format->open(spec, path, part);
}

void require_finite(const std::vector<double>& values, const std::vector<std::string>& names,
                    const std::string& origin) {
  const auto it = std::find_if(values.begin(), values.end(), [](double value) { return !std::isfinite(value); });
  if (it == values.end()) return;
  const auto at = static_cast<std::size_t>(it - values.begin());
  throw DataError(fmt::format("{}: row {} (from 0), column '{}': {} is not a finite number", origin, at / names.size(),
                              names[at % names.size()], *it));
}

SampleSet read_all(DataSource& source, const std::string& origin) {
  SampleSet set;
  set.rows = source.rows();
  const auto rows = static_cast<std::size_t>(set.rows);
  const auto width = source.feature_names().size() + source.target_names().size();
  inputs::detail::require_memory(static_cast<double>(rows) * static_cast<double>(width) * sizeof(double), origin);
  set.features.resize(rows * source.feature_names().size());
  set.targets.resize(rows * source.target_names().size());
  // In ranges, because a source may hold a whole range a second time while it picks columns.
  const auto range = std::max<std::size_t>(1, (std::size_t{1} << 20) / width);
  for (std::size_t first = 0; first < rows; first += range) {
    source.read(static_cast<std::int64_t>(first), static_cast<std::int64_t>(std::min(range, rows - first)),
                set.features.data() + first * source.feature_names().size(),
                set.targets.data() + first * source.target_names().size());
  }
  require_finite(set.features, source.feature_names(), origin);
  require_finite(set.targets, source.target_names(), origin);
  return set;
}

/// The class indices of the one target column as columns of 0 and 1.
void expand_classes(SampleSet& set, const std::string& name, std::int64_t classes, const std::string& origin) {
  std::vector<double> expanded(static_cast<std::size_t>(set.rows * classes), 0.0);
  for (std::int64_t row = 0; row < set.rows; ++row) {
    const double value = set.targets[static_cast<std::size_t>(row)];
    if (value != std::floor(value) || value < 0 || value >= static_cast<double>(classes)) {
      throw DataError(
          fmt::format("{}: row {} (from 0), column '{}': {} is no class index; allowed by data.one_hot: 0 to {}",
                      origin, row, name, value, classes - 1));
    }
    expanded[static_cast<std::size_t>(row * classes) + static_cast<std::size_t>(value)] = 1.0;
  }
  set.targets = std::move(expanded);
}

SampleSet take_rows(const SampleSet& from, std::vector<std::int64_t> rows) {
  std::sort(rows.begin(), rows.end());
  SampleSet set;
  set.rows = static_cast<std::int64_t>(rows.size());
  const auto copy = [&](const std::vector<double>& source, std::vector<double>& target) {
    const auto width = static_cast<std::int64_t>(source.size()) / from.rows;
    for (const auto row : rows)
      target.insert(target.end(), source.begin() + row * width, source.begin() + (row + 1) * width);
  };
  copy(from.features, set.features);
  copy(from.targets, set.targets);
  return set;
}

/// Sets rows of data.train aside. Every row draws a key from (seed, row); the smallest keys go to the test, the next to
/// validation.
void split(Dataset& data, const DataSpec& spec, const std::string& origin) {
  const auto rows = data.train.rows;
  const auto share = [&](std::optional<double> fraction) {
    return static_cast<std::int64_t>(std::llround(fraction.value_or(0.0) * static_cast<double>(rows)));
  };
  const auto test = share(spec.test_fraction), validation = share(spec.validation_fraction);
  if (test == 0 && spec.test_fraction)
    throw DataError(
        fmt::format("{}: data.test_fraction {} of {} rows leaves no test row", origin, *spec.test_fraction, rows));
  if (validation == 0 && spec.validation_fraction) {
    throw DataError(fmt::format("{}: data.validation_fraction {} of {} rows leaves no validation row", origin,
                                *spec.validation_fraction, rows));
  }
  if (test + validation >= rows) {
    throw DataError(fmt::format("{}: {} test rows and {} validation rows of {} leave nothing to train on", origin, test,
                                validation, rows));
  }
  if (test + validation == 0) return;
  const r123::Philox4x32 philox;
  std::vector<std::pair<std::uint64_t, std::int64_t>> order(static_cast<std::size_t>(rows));
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto index = static_cast<std::uint64_t>(row);
    const auto draw = philox({{static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32), 2U, 0U}},
                             {{static_cast<std::uint32_t>(spec.seed), static_cast<std::uint32_t>(spec.seed >> 32)}});
    order[static_cast<std::size_t>(row)] = {(std::uint64_t{draw[0]} << 32) | draw[1], row};
  }
  std::sort(order.begin(), order.end());
  const auto part = [&](std::int64_t from, std::int64_t to) {
    std::vector<std::int64_t> chosen;
    for (auto k = from; k < to; ++k) chosen.push_back(order[static_cast<std::size_t>(k)].second);
    return take_rows(data.train, std::move(chosen));
  };
  if (test > 0) data.test = part(0, test);
  if (validation > 0) data.validation = part(test, test + validation);
  data.train = part(test + validation, rows);
}

}  // namespace

backend::HostSet Dataset::view(const SampleSet& set) const {
  return {{set.features.data(), set.rows, static_cast<std::int64_t>(feature_names.size())},
          {set.targets.data(), set.rows, static_cast<std::int64_t>(target_names.size())}};
}

std::uint64_t content_hash(const Dataset& data) {
  std::uint64_t sum = 0;
  const auto add = [&](const std::vector<double>& values, std::int64_t rows, std::uint64_t part) {
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto width = values.size() / static_cast<std::size_t>(rows);
      sum += XXH64(values.data() + static_cast<std::size_t>(row) * width, width * sizeof(double),
                   4 * static_cast<std::uint64_t>(row) + part);
    }
  };
  add(data.train.features, data.train.rows, 0);
  add(data.train.targets, data.train.rows, 1);
  add(data.validation.features, data.validation.rows, 2);
  add(data.validation.targets, data.validation.rows, 3);
  return sum;
}

Dataset load_dataset(const DataSpec& spec) {
  Dataset data;
  const std::string origin = spec.generator.empty() ? spec.path : spec.generator;
  const auto source = open(spec, spec.path, DataPart::training, "data.path");
  data.feature_names = source->feature_names();
  data.target_names = source->target_names();
  if (spec.one_hot && data.target_names.size() != 1) {
    throw DataError(
        fmt::format("{}: data.one_hot expands one target, but there are {}", origin, data.target_names.size()));
  }
  const auto read = [&](DataSource& part, const std::string& from) {
    if (part.feature_names().size() != data.feature_names.size() ||
        part.target_names().size() != data.target_names.size()) {
      throw DataError(fmt::format("{}: {} features and {} targets, but the training set has {} and {}", from,
                                  part.feature_names().size(), part.target_names().size(), data.feature_names.size(),
                                  data.target_names.size()));
    }
    auto set = read_all(part, from);
    if (spec.one_hot) expand_classes(set, data.target_names.front(), *spec.one_hot, from);
    return set;
  };
  data.train = read(*source, origin);
  if (auto held = open(spec, spec.path, DataPart::test, "data.path")) {
    if (!spec.test.empty() || spec.test_fraction) {
      throw DataError(
          fmt::format("{}: holds a test set of its own; leave out data.test and data.test_fraction", origin));
    }
    data.test = read(*held, origin);
  }
  split(data, spec, origin);
  if (!spec.test.empty()) data.test = read(*open(spec, spec.test, DataPart::training, "data.test"), spec.test);
  if (!spec.validation.empty()) {
    data.validation = read(*open(spec, spec.validation, DataPart::training, "data.validation"), spec.validation);
  }
  if (spec.one_hot) {
    const auto name = data.target_names.front();
    data.target_names.clear();
    for (std::int64_t k = 0; k < *spec.one_hot; ++k) data.target_names.push_back(fmt::format("{}={}", name, k));
  }
  return data;
}

namespace {

/// Whether the names are those that unnamed columns or arrays are given: stem0, stem1, ... (or the stem alone).
bool made_up(const std::vector<std::string>& names, std::string_view stem) {
  if (names.size() == 1 && names.front() == stem) return true;
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (names[index] != fmt::format("{}{}", stem, index)) return false;
  }
  return true;
}

}  // namespace

SampleSet load_features(DataSpec spec, const std::vector<std::string>& feature_names, std::int64_t inputs) {
  spec.features_only = true;
  auto source = open(spec, spec.path, DataPart::training, "data");
  const auto* format = format_of(spec);
  const auto& held = source->feature_names();
  const auto has = [&](const std::string& name) { return std::count(held.begin(), held.end(), name) == 1; };
  const auto lacking = std::find_if_not(feature_names.begin(), feature_names.end(), has);
  const bool by_name = format->picks_columns && spec.features.empty() && !feature_names.empty();
  if (by_name && lacking != feature_names.end() && !made_up(held, "column") && !made_up(feature_names, "column") &&
      !made_up(feature_names, "x")) {
    // Both sides have names of their own: to take the columns by position would be a guess.
    throw DataError(
        fmt::format("{}: {} column '{}', a feature of the model; it has: {}. Choose the features, in the "
                    "model's order ({}), by name or index",
                    spec.path, std::count(held.begin(), held.end(), *lacking) == 0 ? "no" : "no single", *lacking,
                    fmt::join(held, ", "), fmt::join(feature_names, ", ")));
  }
  if (by_name && lacking == feature_names.end()) {
    // By index: names that were made up (column0, ...) cannot be asked for.
    for (const auto& name : feature_names) {
      spec.features.push_back({"", std::find(held.begin(), held.end(), name) - held.begin()});
    }
    source = open(spec, spec.path, DataPart::training, "data");
  }
  const auto width = source->feature_names().size();
  if (static_cast<std::int64_t>(width) != inputs) {
    throw DataError(fmt::format("{}: {} columns, but the model has {} inputs ({})", spec.path, width, inputs,
                                fmt::join(feature_names, ", ")));
  }
  return read_all(*source, spec.path);
}

}  // namespace sinter
