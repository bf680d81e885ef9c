// The subcommands. Each takes its options as read from the command line, returns an exit code and throws sinter::Error.
#pragma once

#include <string>
#include <vector>

#include <sinter/app/console.hpp>

namespace sinter::app {

struct TrainOptions {
  std::string run_file;
  std::vector<std::string> overrides;  ///< "a.b=c"
  std::string output;                  ///< "": run.output
  bool no_plots = false;
};
int train(const TrainOptions& options, Console& console);

struct PredictOptions {
  std::string model, data, output = "-";
  std::string space = "auto";
  int threads = 0;
  std::vector<std::string> features;  ///< columns of the data; empty: those that the model names
  std::string format = "auto", header = "auto", delimiter;
};
int predict(const PredictOptions& options, Console& console);

struct PlanOptions {
  std::string run_file;
  std::vector<std::string> overrides;
};
int plan(const PlanOptions& options, Console& console);

struct InfoOptions {
  bool measure = false;
  std::string output;          ///< of the machine profile; "": default_profile_path()
  std::string space = "auto";  ///< what to measure
  int threads = 0;
};
int info(const InfoOptions& options, Console& console);

}  // namespace sinter::app
