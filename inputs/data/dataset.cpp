#include <sinter/inputs/data/dataset.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <span>

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
  if (format == nullptr)
    throw ConfigError(fmt::format("data.format: '{}' for '{}'; allowed: auto, {}", spec.format, path, formats_text()));
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (!std::filesystem::exists(status)) throw IoError(fmt::format("{}: no such file ({})", path, key));
  if (std::filesystem::is_directory(status)) throw IoError(fmt::format("{}: is a folder, not a file ({})", path, key));
  return format->open(spec, path, part);
}

void require_finite(std::span<const double> values, const std::vector<std::string>& names, std::int64_t first_row,
                    const std::string& origin) {
  const auto it = std::find_if(values.begin(), values.end(), [](double value) { return !std::isfinite(value); });
  if (it == values.end()) return;
  const auto at = static_cast<std::size_t>(it - values.begin());
  throw DataError(fmt::format("{}: row {} (from 0), column '{}': {} is not a finite number", origin,
                              first_row + static_cast<std::int64_t>(at / names.size()), names[at % names.size()], *it));
}

/// Numbers of rows in ascending order: a range, or picked ones.
class RowNumbers {
 public:
  RowNumbers() = default;
  explicit RowNumbers(RowRange range) : first_(range.first), count_(static_cast<std::size_t>(range.count)) {}
  explicit RowNumbers(std::vector<std::int64_t> picked) : count_(picked.size()), picked_(std::move(picked)) {}

  [[nodiscard]] std::size_t size() const { return count_; }
  std::int64_t operator[](std::size_t i) const {
    return picked_.empty() ? first_ + static_cast<std::int64_t>(i) : picked_[i];
  }
  [[nodiscard]] RowNumbers part(RowRange range) const {
    if (picked_.empty()) return RowNumbers(RowRange{first_ + range.first, range.count});
    const auto begin = picked_.begin() + static_cast<std::ptrdiff_t>(range.first);
    return RowNumbers(std::vector<std::int64_t>(begin, begin + static_cast<std::ptrdiff_t>(range.count)));
  }

 private:
  std::int64_t first_ = 0;
  std::size_t count_ = 0;
  std::vector<std::int64_t> picked_;
};

/// Rows of a source that are read into one set.
struct Part {
  const RowNumbers& rows;
  SampleSet& set;
  std::size_t done = 0;

  [[nodiscard]] bool complete() const { return done == rows.size(); }
};

/// Reads the parts in one pass from the source's first row to its last, because going back is dear where rows have no
/// fixed length. Row numbers in messages are those of the source.
void read_rows(DataSource& source, std::vector<Part> parts, const std::string& origin) {
  const auto features = source.feature_names().size(), targets = source.target_names().size();
  std::size_t all = 0;
  for (const auto& part : parts) all += part.rows.size();
  inputs::detail::require_memory(static_cast<double>(all) * static_cast<double>(features + targets) * sizeof(double),
                                 origin);
  for (auto& [rows, set, done] : parts) {
    set.rows = static_cast<std::int64_t>(rows.size());
    set.features.resize(rows.size() * features);
    set.targets.resize(rows.size() * targets);
  }
  for (std::size_t left = all; left > 0;) {
    auto& [rows, set, done] = *std::min_element(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
      return !a.complete() && (b.complete() || a.rows[a.done] < b.rows[b.done]);
    });
    const auto first = done++;
    while (done < rows.size() && rows[done] == rows[done - 1] + 1) ++done;
    auto* const f = set.features.data() + first * features;
    auto* const t = set.targets.data() + first * targets;
    source.read(rows[first], static_cast<std::int64_t>(done - first), f, t);
    require_finite({f, (done - first) * features}, source.feature_names(), rows[first], origin);
    require_finite({t, (done - first) * targets}, source.target_names(), rows[first], origin);
    left -= done - first;
  }
}

RowNumbers all_rows(const DataSource& source) { return RowNumbers(RowRange{0, source.rows()}); }

/// The class indices of the one target column as columns of 0 and 1. `rows`: their numbers in the source.
void expand_classes(SampleSet& set, const RowNumbers& rows, const std::string& name, std::int64_t classes,
                    const std::string& origin) {
  std::vector<double> expanded(static_cast<std::size_t>(set.rows * classes), 0.0);
  for (std::int64_t row = 0; row < set.rows; ++row) {
    const double value = set.targets[static_cast<std::size_t>(row)];
    if (value != std::floor(value) || value < 0 || value >= static_cast<double>(classes)) {
      throw DataError(
          fmt::format("{}: row {} (from 0), column '{}': {} is no class index; allowed by data.one_hot: 0 to {}",
                      origin, rows[static_cast<std::size_t>(row)], name, value, classes - 1));
    }
    expanded[static_cast<std::size_t>(row * classes) + static_cast<std::size_t>(value)] = 1.0;
  }
  set.targets = std::move(expanded);
}

/// Rows of a source, by part, in order.
struct Split {
  RowNumbers train, validation, test;
};

/// Sets rows aside. Every row draws a key from (seed, row); the smallest keys go to the test, the next to validation.
Split split(std::int64_t rows, const DataSpec& spec, const std::string& origin) {
  Split parts;
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
  if (test + validation > 0 && test + validation >= rows) {
    throw DataError(fmt::format("{}: {} test rows and {} validation rows of {} leave nothing to train on", origin, test,
                                validation, rows));
  }
  if (test + validation == 0) {
    parts.train = RowNumbers(RowRange{0, rows});
    return parts;
  }
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
    std::sort(chosen.begin(), chosen.end());
    return chosen.empty() ? RowNumbers() : RowNumbers(std::move(chosen));
  };
  parts.test = part(0, test);
  parts.validation = part(test, test + validation);
  parts.train = part(test + validation, rows);
  return parts;
}

}  // namespace

backend::HostSet Dataset::view(const SampleSet& set) const {
  return {{set.features.data(), set.rows, static_cast<std::int64_t>(feature_names.size())},
          {set.targets.data(), set.rows, static_cast<std::int64_t>(target_names.size())}};
}

std::uint64_t content_hash(const Dataset& data, bool validation_too) {
  std::uint64_t sum = 0;
  const auto add = [&](const std::vector<double>& values, std::int64_t rows, std::int64_t first, std::uint64_t part) {
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto width = values.size() / static_cast<std::size_t>(rows);
      sum += XXH64(values.data() + static_cast<std::size_t>(row) * width, width * sizeof(double),
                   4 * static_cast<std::uint64_t>(first + row) + part);
    }
  };
  add(data.train.features, data.train.rows, data.first_row, 0);
  add(data.train.targets, data.train.rows, data.first_row, 1);
  if (!validation_too) return sum;
  add(data.validation.features, data.validation.rows, 0, 2);
  add(data.validation.targets, data.validation.rows, 0, 3);
  return sum;
}

Dataset load_dataset(const DataSpec& spec, const ChooseRows& choose) {
  Dataset data;
  const std::string origin = spec.generator.empty() ? spec.path : spec.generator;
  const auto source = open(spec, spec.path, DataPart::training, "data.path");
  data.feature_names = source->feature_names();
  data.target_names = source->target_names();
  if (spec.one_hot && data.target_names.size() != 1) {
    throw DataError(
        fmt::format("{}: data.one_hot expands one target, but there are {}", origin, data.target_names.size()));
  }
  const auto source_target = data.target_names;
  const auto expand = [&](SampleSet& set, const RowNumbers& rows, const std::string& from) {
    if (spec.one_hot) expand_classes(set, rows, source_target.front(), *spec.one_hot, from);
  };
  const auto read = [&](DataSource& part, const std::string& from) {
    if (part.feature_names().size() != data.feature_names.size() ||
        part.target_names().size() != source_target.size()) {
      throw DataError(fmt::format("{}: {} features and {} targets, but the training set has {} and {}", from,
                                  part.feature_names().size(), part.target_names().size(), data.feature_names.size(),
                                  source_target.size()));
    }
    SampleSet set;
    const auto rows = all_rows(part);
    read_rows(part, {{rows, set}}, from);
    expand(set, rows, from);
    return set;
  };
  auto held = open(spec, spec.path, DataPart::test, "data.path");
  if (held && (!spec.test.empty() || spec.test_fraction)) {
    throw DataError(fmt::format("{}: holds a test set of its own; leave out data.test and data.test_fraction", origin));
  }
  auto parts = split(source->rows(), spec, origin);
  if (spec.one_hot) {
    data.target_names.clear();
    for (std::int64_t k = 0; k < *spec.one_hot; ++k)
      data.target_names.push_back(fmt::format("{}={}", source_target.front(), k));
  }
  data.training_rows = static_cast<std::int64_t>(parts.train.size());
  if (choose) {
    const RowRange wanted = choose(data);
    data.first_row = wanted.first;
    parts.train = parts.train.part(wanted);
  }
  read_rows(*source, {{parts.train, data.train}, {parts.validation, data.validation}, {parts.test, data.test}}, origin);
  expand(data.train, parts.train, origin);
  expand(data.validation, parts.validation, origin);
  expand(data.test, parts.test, origin);
  if (held) data.test = read(*held, origin);
  if (!spec.test.empty()) data.test = read(*open(spec, spec.test, DataPart::training, "data.test"), spec.test);
  if (!spec.validation.empty()) {
    data.validation = read(*open(spec, spec.validation, DataPart::training, "data.validation"), spec.validation);
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
  const auto* format = format_of(spec);
  const bool by_name = format != nullptr && format->picks_columns && spec.features.empty() && !feature_names.empty();
  spec.features_only = true;
  if (by_name) spec.preferred = feature_names;
  const auto source = open(spec, spec.path, DataPart::training, "data");
  const auto& held = source->feature_names();
  const auto lacking = std::find_if(feature_names.begin(), feature_names.end(), [&](const std::string& name) {
    return std::count(held.begin(), held.end(), name) != 1;
  });
  if (by_name && lacking != feature_names.end() && !made_up(held, "column") && !made_up(feature_names, "column") &&
      !made_up(feature_names, "x")) {
    // Both sides have names of their own: to take the columns by position would be a guess.
    throw DataError(
        fmt::format("{}: {} column '{}', a feature of the model; it has: {}. Choose the features, in the "
                    "model's order ({}), by name or index",
                    spec.path, std::count(held.begin(), held.end(), *lacking) == 0 ? "no" : "no single", *lacking,
                    fmt::join(held, ", "), fmt::join(feature_names, ", ")));
  }
  const auto width = source->feature_names().size();
  if (static_cast<std::int64_t>(width) != inputs) {
    throw DataError(fmt::format("{}: {} columns, but the model has {} inputs ({})", spec.path, width, inputs,
                                fmt::join(feature_names, ", ")));
  }
  SampleSet set;
  const auto rows = all_rows(*source);
  read_rows(*source, {{rows, set}}, spec.path);
  return set;
}

}  // namespace sinter
