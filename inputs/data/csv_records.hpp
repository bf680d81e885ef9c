// The records of a CSV file one after the other, by RFC 4180: fields may stand in double quotes, "" within them is a
// quote, records end with LF or CRLF. Also: a byte order mark is skipped, blank lines are. No comments. Of the file a
// window is held, which moves on by blocks and always has the whole of the record that was asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sinter/inputs/random_access_file.hpp>

namespace sinter::inputs::detail {

struct CsvField {
  std::string_view text;  ///< without its quotes, but with "" in it
  std::uint64_t offset = 0;
};

class CsvRecords {
 public:
  /// Where a record starts, for a return to it.
  struct Mark {
    std::uint64_t offset = 0;
    std::int64_t line = 1;  ///< counted from 1
  };

  static constexpr std::size_t default_block = std::size_t{1} << 20, default_longest = std::size_t{256} << 20;

  /// Before the first record. The file is read in blocks of `block` bytes. Records much longer than `longest` bytes are
  /// refused: a closing quote that is missing does not fill the memory.
  CsvRecords(RandomAccessFile file, char delimiter, std::size_t block = default_block,
             std::size_t longest = default_longest);

  /// Moves on to the next record and splits it into `fields`, which are valid until the next call; false at the end.
  bool next(std::vector<CsvField>& fields);
  /// Moves on to the next record and counts its fields, which is faster; false at the end.
  bool skip(std::size_t& fields);
  /// The start of the record that next() or skip() moved on to.
  [[nodiscard]] Mark mark() const { return {base_ + begin_, line_}; }
  /// The record at that mark becomes the next one.
  void go_to(const Mark& mark);

  /// Throws DataError "path:line:column: message" for a place within the present record.
  [[noreturn]] void fail(std::uint64_t offset, std::string_view message) const;
  [[nodiscard]] const RandomAccessFile& file() const { return file_; }

 private:
  [[nodiscard]] bool window_ends_file() const { return base_ + window_.size() == file_.size(); }
  bool find_record();
  bool split(std::vector<CsvField>& fields);
  std::size_t split_quoted(std::size_t at, std::vector<CsvField>& fields) const;
  std::size_t split_plain(std::size_t at, std::vector<CsvField>& fields) const;
  void extend();

  RandomAccessFile file_;
  char delimiter_;
  std::size_t block_, longest_;
  std::uint64_t first_ = 0;             ///< offset of the first byte behind a byte order mark
  std::string window_;                  ///< the bytes of the file from base_ on
  std::uint64_t base_ = 0;              ///< offset of the window in the file
  std::size_t begin_ = 0;               ///< of the present record, in the window
  std::size_t next_ = 0;                ///< behind its end of line
  std::int64_t line_ = 1;               ///< of begin_
  std::int64_t lines_ = 0;              ///< from there to next_
  std::vector<CsvField> field_buffer_;  ///< of skip()
};

}  // namespace sinter::inputs::detail
