// The networks that `sinter bench` times, and the measurements that its table is made of.
#pragma once

#include <string>
#include <vector>

#include <sinter/inputs/data/dataset.hpp>
#include <sinter/models/spec/measurement.hpp>
#include <sinter/models/spec/training_spec.hpp>

namespace sinter::app {

struct BenchNetwork {
  std::string name;  ///< "16-(64x4)-4 b4096": inputs, hidden layers, outputs, batch
  ModelSpec model;
  TrainingSpec training;
  std::int64_t rows = 0;     ///< of the data
  std::string padded;        ///< of a network of odd extents: its neighbour, whose extents fill whole vectors
  bool tiny = false;         ///< level epochs is for it
  std::int64_t members = 1;  ///< above 1: an ensemble of so many such networks, which has level epochs alone
  std::string single;        ///< of an ensemble: the row of one such network
  bool scaled = false;       ///< also timed with one thread

  /// Made up, the same in every process: features in [-1, 1), and targets that suit the loss.
  [[nodiscard]] Dataset data() const;
};

const std::vector<BenchNetwork>& bench_networks();

struct BenchCase {
  const BenchNetwork* network = nullptr;
  MeasureMode mode = MeasureMode::training;
  Fusion level = Fusion::automatic;
  bool one_thread = false;

  [[nodiscard]] std::string name() const;  ///< "16-(64x4)-4 b4096 training step, 1 thread"
};

/// A level that cannot serve a network, and why.
struct BenchRefusal {
  std::string name, reason;
};

/// Every measurement of the table whose name contains one of `filters` (all where there are none): training at the level
/// that the planner picks and at each other one that can serve the network, inference, and both with one thread where
/// `threads` are more. Throws UsageError where none is left.
std::vector<BenchCase> bench_cases(const std::vector<std::string>& filters, Precision precision, int threads,
                                   std::vector<BenchRefusal>& refused);

/// The one with this name. Throws UsageError where there is none.
BenchCase bench_case(const std::string& name);

}  // namespace sinter::app
