#include "source_text.hpp"

#include <algorithm>
#include <cctype>
#include <regex>

namespace sinter::hygiene {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\n") - first + 1));
}

/// Where the literal that opens with the quote at `open` ends (past its closing quote).
std::size_t end_of_literal(std::string_view text, std::size_t open) {
  if (text[open] == '"' && open > 0 && text[open - 1] == 'R') {
    const auto paren = text.find('(', open);
    if (paren == std::string_view::npos) return text.size();
    const std::string close = ")" + std::string(text.substr(open + 1, paren - open - 1)) + "\"";
    const auto end = text.find(close, paren);
    return end == std::string_view::npos ? text.size() : end + close.size();
  }
  std::size_t i = open + 1;
  while (i < text.size() && text[i] != text[open] && text[i] != '\n') i += text[i] == '\\' ? 2 : 1;
  return std::min(i + 1, text.size());
}

bool is_include_line(std::string_view text, std::size_t position) {
  const auto newline = text.rfind('\n', position);
  const auto start = newline == std::string_view::npos ? 0 : newline + 1;
  const std::string before = trimmed(text.substr(start, position - start));
  return before.starts_with('#') && before.ends_with("include");
}

}  // namespace

std::string code_only(std::string_view text) {
  std::string code(text);
  const auto blank = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < std::min(to, code.size()); ++i) {
      if (code[i] != '\n') code[i] = ' ';
    }
    return to;
  };
  for (std::size_t i = 0; i < text.size();) {
    if (text.substr(i, 2) == "//") {
      i = blank(i, std::min(text.find('\n', i), text.size()));
    } else if (text.substr(i, 2) == "/*") {
      const auto end = text.find("*/", i + 2);
      i = blank(i, end == std::string_view::npos ? text.size() : end + 2);
    } else if (text[i] == '"') {
      const auto end = end_of_literal(text, i);
      if (!is_include_line(text, i)) blank(i + 1, end - 1);
      i = end;
    } else if (text[i] == '\'' && (i == 0 || !is_word(text[i - 1]))) {  // after a digit it separates digits
      const auto end = end_of_literal(text, i);
      blank(i + 1, end - 1);
      i = end;
    } else {
      ++i;
    }
  }
  return code;
}

std::vector<Include> includes_of(const std::string& code) {
  static const std::regex pattern(R"rx((?:^|\n)[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]*)[>"])rx");
  std::vector<Include> found;
  for (std::sregex_iterator match(code.begin(), code.end(), pattern), end; match != end; ++match) {
    found.push_back(
        {line_at(code, static_cast<std::size_t>(match->position(1))), match->str(2), match->str(1) == "\""});
  }
  return found;
}

std::size_t line_at(const std::string& text, std::size_t position) {
  return 1 +
         static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(position), '\n'));
}

std::vector<std::string> arguments_at(const std::string& code, std::size_t open) {
  std::vector<std::string> arguments;
  std::size_t depth = 0, start = open + 1;
  for (std::size_t i = open; i < code.size(); ++i) {
    const char c = code[i];
    // An angle bracket right behind a word opens template arguments; a comparison has a space before it.
    const bool opens = c == '(' || c == '[' || c == '{' || (c == '<' && is_word(code[i - 1]));
    const bool closes = c == ')' || c == ']' || c == '}' || (c == '>' && code[i - 1] != '-' && code[i - 1] != ' ');
    if (opens) ++depth;
    if (closes && --depth == 0) {
      arguments.push_back(trimmed(std::string_view(code).substr(start, i - start)));
      break;
    }
    if (c == ',' && depth == 1) {
      arguments.push_back(trimmed(std::string_view(code).substr(start, i - start)));
      start = i + 1;
    }
  }
  if (arguments.size() == 1 && arguments.front().empty()) arguments.clear();
  return arguments;
}

}  // namespace sinter::hygiene
