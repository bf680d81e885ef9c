// Scalars of a run file: from YAML text to a typed value with one clear complaint, and back to YAML text that reads the
// same.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <fmt/format.h>

#include <sinter/inputs/nearest.hpp>
#include <sinter/inputs/schema.hpp>
#include <sinter/runtime/base/names.hpp>

namespace sinter::inputs::detail {

/// "; allowed: x", or nothing.
std::string allowed_text(std::string_view allowed);

// Each throws ConfigError through Value::fail for anything but a plain scalar of its type.
void read_scalar(const Value& value, std::string_view allowed, std::int64_t& out);
void read_scalar(const Value& value, std::string_view allowed, std::uint64_t& out);
void read_scalar(const Value& value, std::string_view allowed, int& out);
void read_scalar(const Value& value, std::string_view allowed, double& out);
void read_scalar(const Value& value, std::string_view allowed, bool& out);
void read_scalar(const Value& value, std::string_view allowed, std::string& out);
/// One of `known`.
std::string read_name(const Value& value, const std::vector<std::string>& known);

template <Named E>
std::vector<std::string> name_list() {
  std::vector<std::string> names;
  for (const auto& [value, name] : names_of<E>()) names.emplace_back(name);
  return names;
}

template <Named E>
void read_scalar(const Value& value, std::string_view /*allowed*/, E& out) {
  out = *from_name<E>(read_name(value, name_list<E>()));
}

/// A YAML text in double quotes.
std::string in_quotes(std::string_view text);

/// A node in YAML's flow style, on one line, which reads as the same node: `{a: 1, b: [x, "y z"]}`.
std::string to_yaml(const YamlNode& node);

template <class T>
std::string write_scalar(const T& value) {
  if constexpr (Named<T>) {
    return std::string(to_name(value));
  } else if constexpr (std::same_as<T, std::string>) {
    return in_quotes(value);
  } else {
    return fmt::format("{}", value);
  }
}

/// What the reference calls the type.
template <class T>
std::string type_text() {
  if constexpr (std::same_as<T, bool>) {
    return "true or false";
  } else if constexpr (Named<T>) {
    return "name";
  } else if constexpr (std::integral<T>) {
    return "integer";
  } else if constexpr (std::floating_point<T>) {
    return "number";
  } else {
    return "text";
  }
}

template <class T>
struct Unwrapped {
  using type = T;
};
template <class T>
struct Unwrapped<std::optional<T>> {
  using type = T;
};

/// A range that the reader checks; most are checked by validate() in models/spec and only stated here.
struct Range {
  std::string text;
  bool (*good)(double) = nullptr;
};
inline Range stated(std::string text) { return {std::move(text), nullptr}; }
inline Range at_least_zero() {
  return {">= 0", [](double value) { return value >= 0; }};
}

/// A key that is one scalar of a RunFile; `access` maps a RunFile to a reference to it (or to an optional of it).
template <class Access>
Key scalar_key(std::string path, Access access, std::string description, Range range = {}) {
  using Stored = std::remove_cvref_t<std::invoke_result_t<Access, RunFile&>>;
  using T = typename Unwrapped<Stored>::type;
  Key key;
  key.path = std::move(path);
  key.type = type_text<T>();
  key.description = std::move(description);
  if constexpr (Named<T>) {
    key.allowed = list_names<T>();
  } else {
    key.allowed = range.text;
  }
  key.read = [access, range](Draft& draft, const Value& value) {
    T read{};
    read_scalar(value, range.text, read);
    if constexpr (std::is_arithmetic_v<T>) {
      if (range.good != nullptr && !range.good(static_cast<double>(read))) {
        value.fail(fmt::format("{} is out of range{}", read, allowed_text(range.text)));
      }
    }
    access(draft.file) = std::move(read);
  };
  key.write = [access](const RunFile& file) {
    if constexpr (std::same_as<Stored, T>) {
      return write_scalar(access(file));
    } else {
      return access(file) ? write_scalar(*access(file)) : std::string();
    }
  };
  return key;
}

/// A key that is one of `known` names, kept as text.
template <class Access>
Key name_key(std::string path, Access access, std::string description, std::vector<std::string> known) {
  auto key = scalar_key(std::move(path), access, std::move(description));
  key.type = "name";
  key.allowed = join(known);
  key.read = [access, known](Draft& draft, const Value& value) { access(draft.file) = read_name(value, known); };
  key.write = [access](const RunFile& file) { return std::string(access(file)); };
  return key;
}

/// `key`, restricted to where it has an effect.
inline Key only(Key key, std::string where, std::function<bool(const Draft&)> applies) {
  key.only_with = std::move(where);
  key.applies = std::move(applies);
  return key;
}
inline Key with_default(Key key, std::string text) {
  key.default_text = std::move(text);
  return key;
}

}  // namespace sinter::inputs::detail
