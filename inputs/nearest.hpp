// "Did you mean": the known name that is nearest to a misspelt one by Levenshtein distance, if any is near enough to be
// meant.
#pragma once

#include <algorithm>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sinter::inputs::detail {

/// Insertions, deletions and replacements that lead from one text to the other.
inline std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < to.size(); ++j) {
      const auto replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

/// The nearest of `known`, or nothing where even that differs in more than a third of its letters (two are always
/// forgiven in names of four letters and more) or in all of them.
inline std::string nearest(std::string_view name, const std::vector<std::string>& known) {
  std::string best;
  std::size_t least = std::string::npos;
  if (name.size() > 64) return best;
  for (const auto& candidate : known) {
    const auto longer = std::max(name.size(), candidate.size());
    const auto forgiven = longer < 4 ? 1 : std::max<std::size_t>(2, longer / 3);
    const auto distance = edit_distance(name, candidate);
    if (distance <= forgiven && distance < name.size() && distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/// "; did you mean 'x'?", or nothing.
inline std::string did_you_mean(std::string_view name, const std::vector<std::string>& known) {
  const auto best = nearest(name, known);
  return best.empty() ? "" : "; did you mean '" + best + "'?";
}

/// "a, b, c".
inline std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

}  // namespace sinter::inputs::detail
