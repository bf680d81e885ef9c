// Run files: one YAML document that says all about a run. Read strictly by the schema in schema.cpp, from which
// docs/run-file.md is generated too: an unknown or repeated key, a wrong type, a value out of range or without effect
// is an error with its place.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sinter/inputs/data/data_spec.hpp>
#include <sinter/inputs/data/dataset.hpp>
#include <sinter/models/plan/plan.hpp>
#include <sinter/models/spec/ensemble_spec.hpp>
#include <sinter/models/spec/model_spec.hpp>
#include <sinter/models/spec/training_spec.hpp>

namespace sinter {

struct RunSpec {
  std::string name;                   ///< default: the run file's name without extension
  std::uint64_t seed = 1;             ///< initial parameters and shuffling
  std::string output;                 ///< results folder, relative to the working directory; default runs/<name>
  std::int64_t stop_after_steps = 0;  ///< steps of this process, after which it stops as by a signal; 0: off

  friend bool operator==(const RunSpec&, const RunSpec&) = default;
};

namespace inputs::detail {
struct YamlNode;
}

/// Where the keys of a run file were written, for complaints to which only the data or the machine give rise.
class KeyPlaces {
 public:
  KeyPlaces() = default;
  explicit KeyPlaces(std::shared_ptr<const inputs::detail::YamlNode> root) : root_(std::move(root)) {}

  /// A complaint that begins with a key ("training.fusion: step cannot ...") with the key's place before it ("a.yaml:4:9:
  /// ..." or "--set training.fusion=step: ..."), or that of the innermost group there is. Others stay as they are.
  [[nodiscard]] std::string locate(const std::string& complaint) const;

  friend bool operator==(const KeyPlaces&, const KeyPlaces&) {
    return true;
  }  // a run is the same wherever it is written

 private:
  std::shared_ptr<const inputs::detail::YamlNode> root_;
};

struct RunFile {
  RunSpec run;
  DeviceSpec device;
  DataSpec data;
  NormalizeSpec normalize;
  /// `inputs` and the width of the last layer are 0 until fit_to_data() where the file leaves them to the data.
  ModelSpec model;
  TrainingSpec training;
  EnsembleSpec ensemble;
  CheckpointSpec checkpoint;
  BudgetSpec budget;
  KeyPlaces places;

  friend bool operator==(const RunFile&, const RunFile&) = default;
};

/// Reads a run file and applies `overrides` ("a.b=c", c any YAML value, the last of several for a key counts). Data
/// paths in the file are relative to its folder, those in overrides to the working directory; both come out absolute.
/// Throws IoError where the file cannot be read and ConfigError for anything wrong in it.
RunFile read_run_file(const std::filesystem::path& path, const std::vector<std::string>& overrides = {});

/// The same for text; `origin` names it in messages, `folder` is what its data paths are relative to.
RunFile parse_run_file(std::string_view text, const std::string& origin, const std::filesystem::path& folder,
                       const std::vector<std::string>& overrides = {});

/// Completes the model by what the data say: number of inputs, width of the output layer. Throws ConfigError where the
/// run file says otherwise, and DataError where targets do not suit the loss (cross-entropies want them within [0, 1]).
void fit_to_data(RunFile& run, const Dataset& data);

/// A run file with every key and its effective value, the plan as comments on top. Read again, it gives an equal
/// RunFile.
std::string effective_yaml(const RunFile& run, const Plan& plan);

/// A key whose value differs between a run and the one that goes on from it.
struct KeyDifference {
  std::string path, before, now;  ///< values as YAML; "" where the key has no effect there
  bool allowed = false;           ///< it leaves every step as it was (epochs, reports, output, threads, ...)
};

/// All differences, in the schema's order. Of the data any key may differ: their contents are compared instead. So may
/// the fusion level: the plans are compared.
std::vector<KeyDifference> differences(const RunFile& before, const RunFile& now);

/// docs/run-file.md.
std::string run_file_reference();

}  // namespace sinter
