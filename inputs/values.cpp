#include <sinter/inputs/values.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

namespace sinter::inputs::detail {
namespace {

std::string shown(const YamlNode& node) { return (node.quoted ? "the quoted text " : "") + describe(node); }

/// The text of a plain scalar, for types that are never written in quotes.
const std::string& plain_text(const Value& value, std::string_view type, std::string_view allowed) {
  const auto& node = value.node;
  if (node.kind == YamlNode::Kind::null)
    value.fail(fmt::format("has no value; expected {}{}", type, allowed_text(allowed)));
  if (node.kind != YamlNode::Kind::scalar) {
    value.fail(fmt::format("expected {}, found {}{}", type, describe(node), allowed_text(allowed)));
  }
  if (node.quoted) value.fail(fmt::format("{} is not {}{}", shown(node), type, allowed_text(allowed)));
  return node.text;
}

template <class T>
void parse_integer(const Value& value, std::string_view allowed, T& out) {
  std::string_view text = plain_text(value, "an integer", allowed);
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  const bool negative = text.size() > 1 && text[0] == '-' &&
                        text.find_first_not_of("0123456789", 1) == std::string_view::npos;
  if (error == std::errc::result_out_of_range || (std::is_unsigned_v<T> && negative)) {
    value.fail(fmt::format("{} is {}{}", text, negative ? "out of range" : "too large", allowed_text(allowed)));
  }
  if (error != std::errc() || end != text.data() + text.size()) {
    value.fail(fmt::format("{} is not an integer{}", describe(value.node), allowed_text(allowed)));
  }
}

}  // namespace

std::string allowed_text(std::string_view allowed) {
  return allowed.empty() ? "" : fmt::format("; allowed: {}", allowed);
}

void read_scalar(const Value& value, std::string_view allowed, std::int64_t& out) {
  parse_integer(value, allowed, out);
}
void read_scalar(const Value& value, std::string_view allowed, std::uint64_t& out) {
  parse_integer(value, allowed, out);
}
void read_scalar(const Value& value, std::string_view allowed, int& out) { parse_integer(value, allowed, out); }

void read_scalar(const Value& value, std::string_view allowed, double& out) {
  std::string_view text = plain_text(value, "a number", allowed);
  std::string word;
  for (const char c : text.substr(0, 8)) {
    if (c != '+' && c != '-' && c != '.') word += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  if (word.starts_with("inf") || word.starts_with("nan")) {
    value.fail(fmt::format("{} is not a finite number{}", describe(value.node), allowed_text(allowed)));
  }
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error == std::errc::result_out_of_range) {
    value.fail(fmt::format("{} is beyond what double precision holds{}", describe(value.node), allowed_text(allowed)));
  }
  if (error != std::errc() || end != text.data() + text.size()) {
    value.fail(fmt::format("{} is not a number{}", describe(value.node), allowed_text(allowed)));
  }
}

void read_scalar(const Value& value, std::string_view /*allowed*/, bool& out) {
  const auto& text = plain_text(value, "true or false", "");
  if (text != "true" && text != "false")
    value.fail(fmt::format("{} is not a truth value; allowed: true, false", describe(value.node)));
  out = text == "true";
}

void read_scalar(const Value& value, std::string_view allowed, std::string& out) {
  const auto& node = value.node;
  if (node.kind == YamlNode::Kind::null)
    value.fail(fmt::format("has no value; expected a text{}", allowed_text(allowed)));
  if (node.kind != YamlNode::Kind::scalar)
    value.fail(fmt::format("expected a text, found {}{}", describe(node), allowed_text(allowed)));
  if (node.text.empty()) value.fail(fmt::format("is empty{}", allowed_text(allowed)));
  out = node.text;
}

std::string read_name(const Value& value, const std::vector<std::string>& known) {
  const auto& node = value.node;
  if (node.kind == YamlNode::Kind::null) value.fail(fmt::format("has no value; allowed: {}", join(known)));
  if (node.kind != YamlNode::Kind::scalar) {
    value.fail(fmt::format("expected a name, found {}; allowed: {}", describe(node), join(known)));
  }
  if (std::find(known.begin(), known.end(), node.text) == known.end()) {
    value.fail(
        fmt::format("unknown name {}; allowed: {}{}", describe(node), join(known), did_you_mean(node.text, known)));
  }
  return node.text;
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string to_yaml(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::null) return "null";
  const auto scalar = [](const std::string& text) {
    const auto letters = std::string_view(text).substr(text.size() > 1 && text.front() == '-' ? 1 : 0);
    const bool plain = !letters.empty() && letters.front() != '-' && std::ranges::all_of(letters, [](unsigned char c) {
      return std::isalnum(c) != 0 || std::string_view("_.+-/").find(static_cast<char>(c)) != std::string_view::npos;
    });
    return plain ? text : in_quotes(text);
  };
  if (node.kind == YamlNode::Kind::scalar) return node.quoted ? in_quotes(node.text) : scalar(node.text);
  const bool map = node.kind == YamlNode::Kind::map;
  std::string text;
  for (const auto& item : node.items) {
    text += (text.empty() ? "" : ", ") + (map ? scalar(item.key) + ": " : std::string()) + to_yaml(item);
  }
  return map ? "{" + text + "}" : "[" + text + "]";
}

}  // namespace sinter::inputs::detail
