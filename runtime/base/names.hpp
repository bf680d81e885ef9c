// Names of enumerators. An enumeration that a person can name in a run file specialises `Names` once, next to its
// definition; the reader, the writers, the error texts and `sinter info` all read this one list.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace sinter {

/// Specialise with `static constexpr std::pair<E, std::string_view> list[]`, in the order of presentation.
template <class E>
struct Names;

template <class E>
concept Named = requires {
  Names<E>::list;
};

template <Named E>
constexpr std::span<const std::pair<E, std::string_view>> names_of() {
  return Names<E>::list;
}

/// The name of an enumerator; an unlisted value is a defect and gives "?".
template <Named E>
constexpr std::string_view to_name(E value) {
  for (const auto& [candidate, name] : Names<E>::list) {
    if (candidate == value) return name;
  }
  return "?";
}

template <Named E>
constexpr std::optional<E> from_name(std::string_view name) {
  for (const auto& [candidate, text] : Names<E>::list) {
    if (text == name) return candidate;
  }
  return std::nullopt;
}

/// "a, b, c": for error texts and help.
template <Named E>
std::string list_names() {
  std::string text;
  for (const auto& [value, name] : Names<E>::list) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

}  // namespace sinter
