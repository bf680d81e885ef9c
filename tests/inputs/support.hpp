// Helpers of this folder's tests: the text of an error.
#pragma once

#include <exception>
#include <string>

#include <sinter/runtime/base/errors.hpp>

#include "support/scratch_folder.hpp"

namespace sinter::test {

/// The message of the error of type E that `action` throws; another text where it throws none or a different one.
template <class E, class Action>
std::string error_text(Action&& action) {
  try {
    action();
  } catch (const E& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("an error of another type: ") + error.what();
  }
  return "no error";
}

}  // namespace sinter::test
