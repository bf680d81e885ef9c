#include <sinter/runtime/tensor.hpp>

#include <fmt/format.h>

#include <sinter/runtime/base/errors.hpp>

namespace sinter::detail {

void shape_error(std::string_view what, const std::int64_t* have, const std::int64_t* want, int rank) {
  std::string have_text, want_text;
  for (int d = 0; d < rank; ++d) {
    const char* separator = d == 0 ? "" : ", ";
    have_text += fmt::format("{}{}", separator, have[d]);
    want_text += want[d] < 0 ? fmt::format("{}any", separator) : fmt::format("{}{}", separator, want[d]);
  }
  throw ShapeError(fmt::format("{}: shape [{}], expected [{}]", what, have_text, want_text));
}

}  // namespace sinter::detail
