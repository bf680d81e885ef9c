#include <sinter/inputs/yaml_node.hpp>

#include <algorithm>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sinter/inputs/text_file.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter::inputs::detail {
namespace {

/// Builds the tree from the parser's events. `open_` is the path of unfinished lists and maps, by index from the root,
/// because the vectors that hold them move while they grow.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const Place& start) : start_(start) { root_.place = start; }

  YamlNode root_;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string&) override { refuse(mark, "an anchor (&)"); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark, "an alias (*)"); }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(mark, anchor, YamlNode::Kind::null, ""); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (awaits_key()) {
      if (anchor != 0) refuse(mark, "an anchor (&)");
      key_ = value;
      key_place_ = place_of(mark);
      has_key_ = true;
      const auto& map = current();
      if (const auto* earlier = map.find(key_)) {
        const auto line = earlier->key_place.line;
        throw ConfigError(
            located(key_place_, path_of_key(),
                    line == 0 ? "repeated key" : fmt::format("repeated key; first given at line {}", line)));
      }
      return;
    }
    check_tag(mark, tag);
    auto& node = add(mark, anchor, YamlNode::Kind::scalar, value);
    node.quoted = tag == "!";
    if (!node.quoted && (value == "~" || value == "null" || value == "Null" || value == "NULL"))
      node.kind = YamlNode::Kind::null;
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    begin(mark, anchor, YamlNode::Kind::list);
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    begin(mark, anchor, YamlNode::Kind::map);
  }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  Place start_;
  std::vector<std::size_t> open_;
  bool started_ = false;
  bool has_key_ = false;
  std::string key_;
  Place key_place_;

  [[nodiscard]] Place place_of(const YAML::Mark& mark) const {
    Place place = start_;
    if (!place.from_command_line()) {
      place.line = mark.line + 1;
      place.column = mark.column + 1;
    }
    return place;
  }
  [[noreturn]] void refuse(const YAML::Mark& mark, std::string_view what) const {
    throw ConfigError(
        located(place_of(mark), "", fmt::format("{} is not allowed in a run file; write the value out", what)));
  }
  void check_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (!tag.empty() && tag != "?" && tag != "!") refuse(mark, fmt::format("the tag '{}'", tag));
  }
  YamlNode& current() {
    YamlNode* node = &root_;
    for (std::size_t depth = 1; depth < open_.size(); ++depth) node = &node->items[open_[depth]];
    return *node;
  }
  bool awaits_key() { return !open_.empty() && current().kind == YamlNode::Kind::map && !has_key_; }
  std::string path_of_key() {
    std::string path = start_.set_path;
    const YamlNode* node = &root_;
    for (std::size_t depth = 1; depth < open_.size(); ++depth) {
      node = &node->items[open_[depth]];
      if (!node->key.empty()) path += (path.empty() ? "" : ".") + node->key;
    }
    return path + (path.empty() ? "" : ".") + key_;
  }
  YamlNode& add(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind, const std::string& text) {
    if (anchor != 0) refuse(mark, "an anchor (&)");
    if (awaits_key()) throw ConfigError(located(place_of(mark), "", "not valid here: a key must be a plain name"));
    YamlNode node;
    node.kind = kind;
    node.place = place_of(mark);
    node.text = text;
    if (!started_) {
      started_ = true;
      root_ = std::move(node);
      return root_;
    }
    auto& parent = current();
    if (parent.kind == YamlNode::Kind::map) {
      node.key = key_;
      node.key_place = key_place_;
      has_key_ = false;
    }
    return parent.items.emplace_back(std::move(node));
  }
  void begin(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind) {
    const bool is_root = !started_;
    add(mark, anchor, kind, "");
    open_.push_back(is_root ? 0 : current().items.size() - 1);
  }
};

/// The one document in `text`; `start` is where its values are said to stand.
YamlNode parse(std::string_view text, const Place& start) {
  if (const auto at = first_invalid_utf8(text); at != std::string::npos) {
    throw ConfigError(
        located(start, "",
                fmt::format("not UTF-8 text: byte 0x{:02x} at offset {}", static_cast<unsigned char>(text[at]), at)));
  }
  const auto control = [](unsigned char c) { return (c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7F; };
  if (const auto it = std::find_if(text.begin(), text.end(), control); it != text.end()) {
    throw ConfigError(located(start, "",
                              fmt::format("not a text file: byte 0x{:02x} at offset {}",
                                          static_cast<unsigned char>(*it), it - text.begin())));
  }
  std::istringstream stream{std::string(text)};
  TreeBuilder builder(start);
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return builder.root_;
    TreeBuilder second(start);
    if (parser.HandleNextDocument(second)) throw ConfigError(located(start, "", "more than one YAML document (---)"));
  } catch (const YAML::Exception& error) {
    Place place = start;
    if (!place.from_command_line() && !error.mark.is_null()) {
      place.line = error.mark.line + 1;
      place.column = error.mark.column + 1;
    }
    throw ConfigError(located(place, "", "not valid YAML: " + error.msg));
  }
  return std::move(builder.root_);
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view name) const {
  const auto it = std::find_if(items.begin(), items.end(), [&](const YamlNode& item) { return item.key == name; });
  return kind == Kind::map && it != items.end() ? &*it : nullptr;
}

std::string located(const Place& place, std::string_view key, std::string_view message) {
  const bool key_said = key.empty() || (place.from_command_line() && key == place.set_path);
  const std::string prefix = key_said ? "" : fmt::format("{}: ", key);
  if (place.line == 0) return fmt::format("{}: {}{}", place.origin, prefix, message);
  return fmt::format("{}:{}:{}: {}{}", place.origin, place.line, place.column, prefix, message);
}

std::string describe(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null: return "nothing";
    case YamlNode::Kind::list: return "a list";
    case YamlNode::Kind::map: return "a map";
    case YamlNode::Kind::scalar: break;
  }
  constexpr std::size_t shown = 60;
  return node.text.size() <= shown ? fmt::format("'{}'", node.text)
                                   : fmt::format("a text of {} bytes", node.text.size());
}

YamlNode parse_yaml(std::string_view text, const std::string& origin) { return parse(text, Place{origin, 0, 0, ""}); }

void apply_override(YamlNode& root, const std::string& assignment) {
  const auto equals = assignment.find('=');
  Place place{"--set " + assignment, 0, 0, assignment.substr(0, equals)};
  const auto& path = place.set_path;
  if (equals == std::string::npos || path.empty() || path.front() == '.' || path.back() == '.' ||
      path.find("..") != std::string::npos) {
    throw ConfigError(fmt::format("--set {}: expected key=value, for example training.epochs=500", assignment));
  }
  auto value = parse(std::string_view(assignment).substr(equals + 1), place);

  YamlNode* node = &root;
  std::istringstream names(path);
  for (std::string name, walked; std::getline(names, name, '.'); walked += (walked.empty() ? "" : ".") + name) {
    if (node->kind == YamlNode::Kind::scalar) {
      auto type = std::exchange(*node,
                                YamlNode{YamlNode::Kind::map, node->place, "", false, node->key, node->key_place, {}});
      type.key = "type";
      type.key_place = type.place;
      node->items.push_back(std::move(type));
    }
    if (node->kind == YamlNode::Kind::list) {
      throw ConfigError(
          located(place, "", fmt::format("{} is a list; set it as a whole: --set {}=[...]", walked, walked)));
    }
    if (node->kind == YamlNode::Kind::null) node->kind = YamlNode::Kind::map;
    auto it = std::find_if(node->items.begin(), node->items.end(),
                           [&](const YamlNode& item) { return item.key == name; });
    if (it == node->items.end()) {
      YamlNode fresh;
      fresh.place = fresh.key_place = place;
      fresh.key = name;
      it = node->items.insert(node->items.end(), std::move(fresh));
    }
    node = &*it;
  }
  value.key = node->key;
  value.key_place = place;
  value.place = place;
  *node = std::move(value);
}

}  // namespace sinter::inputs::detail
