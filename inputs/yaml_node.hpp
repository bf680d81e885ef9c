// A YAML document as a tree that knows where each part came from. Stricter than yaml-cpp's own nodes: a repeated key is
// an error instead of an overwrite; anchors, aliases, tags and second documents are refused. `--set a.b=c` puts values
// into the tree.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sinter::inputs::detail {

/// Where a value was written: "file.yaml" with line and column from 1, or "--set a.b=c" with line 0.
struct Place {
  std::string origin;
  int line = 0;
  int column = 0;
  std::string set_path;  ///< of an override: the key that it sets

  [[nodiscard]] bool from_command_line() const { return !set_path.empty(); }
};

struct YamlNode {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  Place place;
  std::string text;  ///< of a scalar
  bool quoted = false;
  std::string key;  ///< under which it stands in a map
  Place key_place;
  std::vector<YamlNode> items;  ///< of a list or map, in order

  [[nodiscard]] const YamlNode* find(std::string_view name) const;
};

/// "file:line:column: key: message", or "--set a.b=c: message".
std::string located(const Place& place, std::string_view key, std::string_view message);
/// "a map", "a list", "'text'", "nothing".
std::string describe(const YamlNode& node);

/// Throws ConfigError for what is not one plain YAML document. An empty document gives a null node.
YamlNode parse_yaml(std::string_view text, const std::string& origin);

/// Applies "a.b=c" where c is any YAML value. Where `a` holds a bare name, which stands for {type: name}, it is
/// expanded first.
void apply_override(YamlNode& root, const std::string& assignment);

}  // namespace sinter::inputs::detail
