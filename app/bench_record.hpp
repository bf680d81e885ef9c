// What one measurement of `sinter bench` gives, as JSON; docs/benchmarks.md lists the fields.
#pragma once

#include <string>

#include <sinter/app/run_record.hpp>
#include <sinter/models/backend/interface.hpp>

namespace sinter::app {

/// The commit that the program was built from, with "-dirty" where files differed; "unknown" outside of a checkout.
const char* commit();

/// What was measured, as far as a predicted time depends on it.
struct BenchProblem {
  ModelSpec model;
  TrainingSpec training;  ///< with the level that was timed
  Precision precision = Precision::float32;
  MeasureMode mode = MeasureMode::training;
  std::int64_t rows = 0;                   ///< of the data
  std::vector<OptimizerSettings> members;  ///< of an ensemble, whose steps are those of all

  [[nodiscard]] std::int64_t networks() const { return members.empty() ? 1 : std::ssize(members); }
};

struct BenchResult {
  std::string name;
  BenchProblem problem;
  Choice choice;
  backend::DeviceInfo device;
  backend::MachinePeaks peaks;  ///< of the same process, measured after the steps
  Measurement measurement;
  int ranks = 1;                       ///< peaks are those of all
  std::int64_t peak_memory_bytes = 0;  ///< largest resident set of any rank
  bool oversubscribed = false;         ///< the threads of this node's ranks are more than its processors
};

Json bench_record(const BenchResult& result);

/// What follows from times and peaks: fraction_of_peak, bound, predicted_step_s. Done anew where a table has better
/// peaks than the record's own.
void judge(Json& record, const BenchProblem& problem, const backend::MachinePeaks& peaks);

/// Host, compiler and versions.
Json build_facts();

}  // namespace sinter::app
