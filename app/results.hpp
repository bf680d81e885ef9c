// What a trained model says about its data, as files of the output folder and as tables of the report.
#pragma once

#include <string>
#include <vector>

#include <sinter/app/console.hpp>
#include <sinter/app/output_folder.hpp>
#include <sinter/inputs/data/dataset.hpp>
#include <sinter/models/backend/interface.hpp>
#include <sinter/models/io/model_file.hpp>

namespace sinter::app {

/// metrics.csv: one row a log point.
std::string metrics_csv(const std::vector<Progress>& log);

/// kernels.csv: one row of the ledger a row.
std::string kernels_csv(const std::vector<LedgerRow>& ledger);

/// Metrics of all sets side by side.
std::string metrics_table(const backend::TrainResult& result);

/// The set whose predictions are kept: test, else validation, else training.
struct PredictedSet {
  std::string name;
  const SampleSet* set = nullptr;
  std::vector<double> predictions;  ///< row-major [rows, outputs]; of an ensemble the members' mean
  std::vector<double> spread;  ///< of an ensemble: the members' standard deviation (n - 1), the same shape; else empty
};
PredictedSet predict_set(backend::Backend& backend, const EnsembleModel& model, const Dataset& data);

/// Mean and spread of what the networks predict, as above; of an ensemble those whose losses are finite. A spread is there
/// where it has more than one member.
void predict(backend::Backend& backend, const EnsembleModel& model, const backend::HostMatrix& features,
             std::vector<double>& mean, std::vector<double>& spread);

/// What a run leaves in model.h5: the one network, or the members of the ensemble.
EnsembleModel model_of(const backend::TrainResult& result);

/// ensemble.csv: one row a member.
std::string ensemble_csv(const backend::TrainResult& result);

/// The best members, at most ten, with what they have of their own.
std::string ensemble_table(const backend::TrainResult& result);

/// predictions.csv: features, targets as actual_<name>, predictions as predicted_<name>; of an ensemble
/// spread_<name>, too.
std::string predictions_csv(const PredictedSet& set, const Dataset& data);

/// Predicted, actual and, for classes, whether they agree. `classes` is 0 for a regression.
std::string predictions_table(const PredictedSet& set, const Dataset& data, std::int64_t classes);

/// For two features and one output: the model on a grid around the data, and the data (at most 2000 points a set).
void write_decision_map(backend::Backend& backend, const ModelState& model, const Dataset& data, OutputFolder& folder);

}  // namespace sinter::app
