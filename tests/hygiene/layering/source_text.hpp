// C++ source as the rules see it: comments and the contents of literals blanked out, line numbers kept.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sinter::hygiene {

struct Include {
  std::size_t line = 0;
  std::string target;  ///< what stands between the delimiters
  bool quoted = false;
};

/// The text with comments and the contents of string and character literals replaced by spaces; newlines stay. Include
/// lines are kept.
std::string code_only(std::string_view text);

/// The #include directives of code that code_only() made.
std::vector<Include> includes_of(const std::string& code);

/// The line (from 1) of a position.
std::size_t line_at(const std::string& text, std::size_t position);

/// The arguments of the call whose opening parenthesis is at `open`, trimmed; commas inside brackets of any kind do not
/// divide.
std::vector<std::string> arguments_at(const std::string& code, std::size_t open);

}  // namespace sinter::hygiene
