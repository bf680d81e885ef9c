// What the two parts of the study-file reader share: the keys with fixed names (study_file.cpp), and the axes that
// become points (study_points.cpp).
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <sinter/inputs/study/study_file.hpp>
#include <sinter/inputs/yaml_node.hpp>

namespace sinter::inputs::detail {

/// A study file while it is read.
struct StudyDraft {
  StudyFile file;
  std::filesystem::path folder;  ///< of the study file, absolute
};

/// The value of a run file's key as YAML; paths of data in it become absolute, from being relative to `folder`.
std::string run_value(const std::string& key, YamlNode value, const std::filesystem::path& folder);

/// A dotted key of run files that a study may set. Throws ConfigError with the nearest one for any other.
void require_run_key(const YamlNode& item, const std::string& path, const std::vector<std::string>& also);

/// Reads `axes` and works out the points. Throws ConfigError.
void read_axes(StudyDraft& draft, const YamlNode& axes);

/// The run file that an inline `run` or the file's path gives, read for every point: throws ConfigError where it
/// refuses one.
void check_points(StudyDraft& draft, const YamlNode& root);

}  // namespace sinter::inputs::detail
