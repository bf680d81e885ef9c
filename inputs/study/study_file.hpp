// Study files: one YAML document that says which points of a scaling study are measured, from which run file, and how
// their processes are started. Read as strictly as run files; docs/studies.md explains every key.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sinter/runtime/base/names.hpp>

namespace sinter {

enum class StudyKind : std::uint8_t { strong, weak, sweep, time_to_target };
enum class LauncherType : std::uint8_t { none, mpirun, srun, custom };
enum class Binding : std::uint8_t { automatic, close, spread, none };

template <>
struct Names<StudyKind> {
  static constexpr std::pair<StudyKind, std::string_view> list[] = {
      {StudyKind::strong, "strong"},
      {StudyKind::weak, "weak"},
      {StudyKind::sweep, "sweep"},
      {StudyKind::time_to_target, "time_to_target"},
  };
};
template <>
struct Names<LauncherType> {
  static constexpr std::pair<LauncherType, std::string_view> list[] = {
      {LauncherType::none, "none"},
      {LauncherType::mpirun, "mpirun"},
      {LauncherType::srun, "srun"},
      {LauncherType::custom, "custom"},
  };
};
template <>
struct Names<Binding> {
  static constexpr std::pair<Binding, std::string_view> list[] = {
      {Binding::automatic, "auto"},
      {Binding::close, "close"},
      {Binding::spread, "spread"},
      {Binding::none, "none"},
  };
};

struct LauncherSpec {
  LauncherType type = LauncherType::none;
  std::vector<std::string> arguments;  ///< custom: the whole command; {ranks} and {threads} stand for the point's
  Binding binding = Binding::automatic;
  std::vector<std::pair<std::string, std::string>> environment;  ///< in the order of the file
};

struct StudyAxis {
  std::string name;                 ///< threads, ranks, batch, width, depth, precision, fusion, or a run file's key
  std::vector<std::string> values;  ///< as YAML
};

/// One point of the cross product of the axes.
struct StudyPoint {
  std::vector<std::string> values;                             ///< of the axes, in their order
  std::string label;                                           ///< "threads=2 width=64"
  std::vector<std::pair<std::string, std::string>> overrides;  ///< of the run file: key, YAML value
  int ranks = 1;
  int threads = 0;         ///< of a rank; 0: all that the process may use
  std::int64_t batch = 0;  ///< rows of a step; 0: the whole training set
};

struct StudyFile {
  std::string name;
  StudyKind kind = StudyKind::sweep;
  std::string output;                  ///< folder, relative to the working directory
  std::uint64_t seed = 1;              ///< of the order of the measurements
  int repetitions = 5;                 ///< processes a point
  double time_limit_s = 0;             ///< of a process; 0: none
  double target = 0;                   ///< validation loss; time_to_target
  bool same_bits = true;               ///< points of one problem must end with the same parameters
  std::vector<std::string> arguments;  ///< of `sinter bench` or `sinter train`

  std::filesystem::path run_file;  ///< of the points; one written in the study file comes to lie in the output folder
  std::string run_text;            ///< its contents
  bool run_inline = false;

  std::vector<std::pair<std::string, std::string>> set;  ///< overrides of every point: key, YAML value

  LauncherSpec launcher;
  std::vector<StudyAxis> axes;
  std::vector<StudyPoint> points;

  /// Threads or ranks, whichever a strong or weak study scales over: ranks where these are an axis.
  [[nodiscard]] std::string worker_axis() const;
  [[nodiscard]] std::optional<std::size_t> axis(std::string_view name) const;
};

/// Reads a study file, applies `overrides` ("a.b=c"), works out the points, and reads the run file of each, so that what
/// is wrong is known before anything runs. `output` replaces study.output unless it is empty. Throws IoError where a
/// file cannot be read and ConfigError for anything wrong in it.
StudyFile read_study_file(const std::filesystem::path& path, const std::vector<std::string>& overrides = {},
                          const std::string& output = "");

/// The rows of the table of keys in docs/studies.md.
std::string study_key_table();

}  // namespace sinter
