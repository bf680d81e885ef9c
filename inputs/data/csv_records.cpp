#include <sinter/inputs/data/csv_records.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <sinter/runtime/base/errors.hpp>

namespace sinter::inputs::detail {

CsvRecords::CsvRecords(RandomAccessFile file, char delimiter, std::size_t block, std::size_t longest)
    : file_(std::move(file)),
      delimiter_(delimiter),
      block_(block),
      longest_(longest) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  while (window_.size() < byte_order_mark.size() && !window_ends_file()) extend();
  if (window_.starts_with(byte_order_mark)) first_ = byte_order_mark.size();
  next_ = first_;
}

bool CsvRecords::next(std::vector<CsvField>& fields) {
  if (!find_record()) return false;
  while (!split(fields)) extend();
  return true;
}

bool CsvRecords::skip(std::size_t& fields) {
  if (!find_record()) return false;
  // A record without a quote ends with its line, and has a field more than delimiters.
  auto end = window_.find('\n', begin_);
  while (end == std::string::npos && !window_ends_file()) {
    const auto searched = window_.size() - begin_;
    extend();
    end = window_.find('\n', begin_ + searched);
  }
  const auto line = std::string_view(window_).substr(begin_, end - begin_);
  if (line.find('"') == std::string_view::npos) {
    fields = 1 + static_cast<std::size_t>(std::count(line.begin(), line.end(), delimiter_));
    next_ = end == std::string::npos ? window_.size() : end + 1;
    lines_ = 1;
    return true;
  }
  while (!split(field_buffer_)) extend();
  fields = field_buffer_.size();
  return true;
}

void CsvRecords::go_to(const Mark& mark) {
  if (mark.offset < base_ || mark.offset > base_ + window_.size()) {
    window_.clear();
    base_ = mark.offset;
  }
  begin_ = next_ = static_cast<std::size_t>(mark.offset - base_);
  line_ = mark.line;
  lines_ = 0;
}

void CsvRecords::fail(std::uint64_t offset, std::string_view message) const {
  const auto place = static_cast<std::size_t>(offset - base_);
  const auto before = std::string_view(window_).substr(begin_, place - begin_);
  const auto line = line_ + std::count(before.begin(), before.end(), '\n');
  const auto end_of_line = before.rfind('\n');
  // Columns are bytes of the line from 1; a byte order mark counts.
  const auto record_start = base_ + begin_ == first_ ? 0 : base_ + begin_;
  const auto line_start = end_of_line == std::string_view::npos ? record_start : base_ + begin_ + end_of_line + 1;
  throw DataError(fmt::format("{}:{}:{}: {}", file_.name(), line, offset - line_start + 1, message));
}

/// Moves begin_ over the present record and blank lines; false at the end of the file.
bool CsvRecords::find_record() {
  begin_ = next_;
  line_ += lines_;
  lines_ = 0;
  while (true) {
    const auto rest = std::string_view(window_).substr(begin_);
    if (rest.starts_with('\n') || rest.starts_with("\r\n")) {
      begin_ = next_ = begin_ + (rest[0] == '\n' ? 1 : 2);
      ++line_;
    } else if ((rest.empty() || rest == "\r") && !window_ends_file()) {
      extend();
    } else {
      return !rest.empty();
    }
  }
}

/// Splits the record at begin_ and sets next_; false where the window must first be extended.
bool CsvRecords::split(std::vector<CsvField>& fields) {
  fields.clear();
  const std::string_view text = window_;
  for (auto at = begin_;; ++at) {
    const bool quoted = at < text.size() && text[at] == '"';
    at = quoted ? split_quoted(at, fields) : split_plain(at, fields);
    if (at < text.size() && text[at] == delimiter_) continue;
    if (at < text.size() && text[at] == '\r') ++at;
    // What stands at the window's end may go on behind it: a record is whole where its end of line is seen.
    if (at == text.size() && !window_ends_file()) return false;
    next_ = std::min(at + 1, text.size());
    const bool one_line = text.find('\n', begin_) + 1 == next_;
    lines_ = one_line ? 1 : std::count(text.begin() + begin_, text.begin() + next_, '\n');
    return true;
  }
}

/// Appends the field in quotes at `at`; returns what follows it.
std::size_t CsvRecords::split_quoted(std::size_t at, std::vector<CsvField>& fields) const {
  const std::string_view text = window_;
  const auto begin = at + 1;
  for (at = begin; true; at += 2) {
    at = std::min(text.find('"', at), text.size());
    if (at == text.size() && window_ends_file()) fail(base_ + begin - 1, "a quoted field that does not end");
    if (at == text.size()) return at;
    if (at + 1 == text.size() || text[at + 1] != '"') break;
  }
  fields.push_back({text.substr(begin, at - begin), base_ + begin});
  const auto rest = text.substr(++at);
  const bool ends = rest.empty() || rest[0] == delimiter_ || rest[0] == '\n' || rest == "\r" ||
                    rest.starts_with("\r\n");
  if (!ends) {
    fail(base_ + at,
         fmt::format("'{}' after a closing quote; expected '{}' or the end of the line", text[at], delimiter_));
  }
  return at;
}

/// The same for a field without quotes.
std::size_t CsvRecords::split_plain(std::size_t at, std::vector<CsvField>& fields) const {
  const std::string_view text = window_;
  const auto begin = at;
  while (at < text.size() && text[at] != delimiter_ && text[at] != '\n') ++at;
  auto end = at;
  const bool line_ends = at == text.size() || text[at] == '\n';
  if (line_ends && end > begin && text[end - 1] == '\r') --end;
  fields.push_back({text.substr(begin, end - begin), base_ + begin});
  return at;
}

/// Lets go of what lies before the present record and reads on: a block, or more where the record is long, so that the
/// time for long records stays proportional to their length.
void CsvRecords::extend() {
  window_.erase(0, begin_);
  base_ += begin_;
  begin_ = next_ = 0;
  const auto kept = window_.size();
  if (kept > longest_)
    fail(base_, fmt::format("a record of more than {} bytes; is a closing quote missing?", longest_));
  const auto offset = base_ + kept;
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(std::max(block_, kept), file_.size() - offset));
  window_.resize(kept + count);
  file_.read(offset, count, window_.data() + kept);
  if (const auto zero = window_.find('\0', kept); zero != std::string::npos) {
    throw DataError(fmt::format("{}: not a text file: byte 0x00 at offset {}", file_.name(), base_ + zero));
  }
}

}  // namespace sinter::inputs::detail
