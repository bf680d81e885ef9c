// One process at a time writes into an output folder.
#include <chrono>
#include <optional>
#include <thread>

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include <sinter/app/file_lock.hpp>
#include <sinter/runtime/base/errors.hpp>

#include "../inputs/support.hpp"

using namespace sinter;
using namespace sinter::app;
using namespace std::chrono_literals;

TEST_CASE("a folder is one run's until it ends, and nothing stays in it") {
  const test::ScratchFolder folder;
  {
    const FolderLock first(folder.path());
    CHECK(first.held());
    const auto text = test::error_text<IoError>([&] { const FolderLock second(folder.path(), 0s); });
    CHECK(text.starts_with("another run is writing into the output folder '" + folder.path().string() + "' (process " +
                           std::to_string(::getpid()) + " on "));
    CHECK(text.ends_with("): let it end, or give this run a folder of its own (run.output, --output)"));
  }
  CHECK(std::filesystem::is_empty(folder.path()));
  test::put(folder / ".lock", "process 1 on a machine that lost its power\n");  // nobody has it
  CHECK(FolderLock(folder.path(), 0s).held());
}

TEST_CASE("a run that is just ending is waited for") {
  const test::ScratchFolder folder;
  std::optional<FolderLock> first(std::in_place, folder.path());
  std::thread ending([&] {
    std::this_thread::sleep_for(200ms);
    first.reset();
  });
  const FolderLock second(folder.path(), 30s);
  CHECK(second.held());
  ending.join();
  CHECK(test::error_text<IoError>([&] { const FolderLock third(folder.path(), 0s); }).starts_with("another run "));
}
