// The subcommands. Each takes its options as read from the command line, returns an exit code and throws sinter::Error.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sinter/app/console.hpp>

namespace sinter::app {

struct TrainOptions {
  std::string run_file;
  std::vector<std::string> overrides;  ///< "a.b=c"
  std::string output;                  ///< "": run.output
  bool no_plots = false;
  double time_limit_s = 0;  ///< from the start of the program to the last step; 0: none
};
int train(const TrainOptions& options, Console& console);

struct PredictOptions {
  std::string model, data, output = "-";
  std::string space = "auto";
  int threads = 0;
  std::vector<std::string> features;  ///< columns of the data; empty: those that the model names
  std::string format = "auto", header = "auto", delimiter;
  std::string member = "mean";  ///< of an ensemble: "mean", "best", or a number from 0
};
int predict(const PredictOptions& options, Console& console);

struct PlanOptions {
  std::string run_file;
  std::vector<std::string> overrides;
  std::string machine;  ///< a shipped name or the file of a machine profile; "": this machine's
};
int plan(const PlanOptions& options, Console& console);

struct BenchOptions {
  std::string run_file;                ///< "": the table
  std::vector<std::string> overrides;  ///< with a run file
  std::string mode = "training";       ///< with a run file
  std::int64_t steps = 0;              ///< of a repetition, with a run file; 0: as many as take 50 ms
  int repetitions = 11;
  bool quick = false;             ///< repetitions of 2 ms: a smoke test
  std::vector<std::string> rows;  ///< parts of the names of the table's measurements; empty: all
  std::string one_case;           ///< the one measurement of the table to make in this process
  std::string precision = "float32", space = "auto";
  int threads = 0;
  std::string output = "runs/bench";
};
int bench(const BenchOptions& options, Console& console);

struct InfoOptions {
  bool measure = false;
  std::string output;          ///< of the machine profile; "": default_profile_path()
  std::string space = "auto";  ///< what to measure
  int threads = 0;
};
int info(const InfoOptions& options, Console& console);

struct StudyOptions {
  std::vector<std::string> files;
  std::vector<std::string> overrides;  ///< of the study files
  std::string output;                  ///< "": study.output
  bool dry_run = false;                ///< only list the points with their commands
  bool retry = false;                  ///< measure again what failed
  bool no_plots = false;
};
int study(const StudyOptions& options, Console& console);

struct CompareOptions {
  std::string before, after;  ///< folders of studies, or their study.json
  double threshold = 0.03;    ///< relative change of a median that counts
};
int compare(const CompareOptions& options, Console& console);

}  // namespace sinter::app
