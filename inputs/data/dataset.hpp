// The data of a run on the host: training, validation and test rows as row-major matrices in physical units.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <sinter/inputs/data/data_spec.hpp>
#include <sinter/models/backend/interface.hpp>

namespace sinter {

struct SampleSet {
  std::int64_t rows = 0;
  std::vector<double> features;  ///< [rows, features]
  std::vector<double> targets;   ///< [rows, targets]

  [[nodiscard]] bool empty() const { return rows == 0; }
};

struct Dataset {
  std::vector<std::string> feature_names, target_names;
  SampleSet train, validation, test;
  std::int64_t training_rows = 0;  ///< of all ranks
  std::int64_t first_row = 0;      ///< number of the first row of `train` among them

  /// What a backend takes; valid as long as this Dataset.
  [[nodiscard]] backend::HostSet view(const SampleSet& set) const;
};

/// Consecutive rows.
struct RowRange {
  std::int64_t first = 0, count = 0;
};

/// Which training rows are wanted, of a data set that is known but for its rows: names and `training_rows`.
using ChooseRows = std::function<RowRange(const Dataset&)>;

/// Reads or generates the data and sets rows aside. A row's part depends on data.seed, its index and the number of rows
/// alone, and rows keep their order within a part. Of the training set only the rows that `choose` wants are read, where
/// it is given; of validation and test sets all. Throws DataError or IoError.
Dataset load_dataset(const DataSpec& spec, const ChooseRows& choose = {});

/// A number that tells other training or validation rows from these: the sum of the xxHash64 of each row's features and
/// targets, seeded with its index and set, so that ranks can each add up their own, one of them (`validation_too`) with
/// those of the validation set.
std::uint64_t content_hash(const Dataset& data, bool validation_too = true);

/// Features alone, for predictions with a model of `inputs` features: in a table with names (CSV) the columns named
/// `feature_names`, in one without, or where the model's names were made up, all its columns; in other formats as
/// spec.features says. Throws DataError where a name is missing or their number differs.
SampleSet load_features(DataSpec spec, const std::vector<std::string>& feature_names, std::int64_t inputs);

}  // namespace sinter
