#include <chrono>
#include <csignal>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include <sinter/app/child_process.hpp>

#include "support/scratch_folder.hpp"

using namespace sinter;
using namespace sinter::app;

TEST_CASE("a child's exit status, output and error are told apart") {
  const auto child = run_child({"sh", "-c", "echo out; echo err >&2; exit 3"});
  CHECK(child.exit == 3);
  CHECK(child.signal == 0);
  CHECK(child.out == "out\n");
  CHECK(child.err == "err\n");
  CHECK(child.elapsed_s > 0);
}

TEST_CASE("a child that a signal ends, and one that does not start, are no successes") {
  const auto killed = run_child({"sh", "-c", "kill -9 $$"});
  CHECK(killed.exit == -1);
  CHECK(killed.signal == SIGKILL);
  const auto missing = run_child({"/nowhere/at/all"});
  CHECK(missing.exit == -1);
  CHECK(missing.err.starts_with("cannot start '"));
  CHECK(missing.err.ends_with("': No such file or directory"));
}

TEST_CASE("much output on both streams does not block a child") {
  const auto child = run_child({"sh", "-c",
                                "i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; "
                                "echo 0123456789012345678901234567890123456789 >&2; i=$((i+1)); done"});
  CHECK(child.exit == 0);
  CHECK(child.out.size() == 41 * 3000);
  CHECK(child.err == child.out);
}

TEST_CASE("a time limit and a request to stop end the whole process group") {
  ChildOptions limited;
  limited.own_group = true;
  limited.time_limit_s = 0.2;
  const auto late = run_child({"sh", "-c", "sleep 600 & sleep 600"}, limited);
  CHECK(late.timed_out);
  CHECK_FALSE(late.stopped);
  CHECK(late.signal == SIGTERM);
  ChildOptions stopped;
  stopped.stop = [] { return true; };
  const auto stop = run_child({"sleep", "600"}, stopped);
  CHECK(stop.stopped);
  CHECK_FALSE(stop.timed_out);
}

TEST_CASE("a child does not outlive the process that started it") {
  const test::ScratchFolder folder;
  const auto file = folder / "pid";
  const pid_t parent = ::fork();
  if (parent == 0) {
    ChildOptions options;
    options.own_group = true;
    run_child({"sh", "-c", "echo $$ > \"$1\"; exec sleep 600", "sh", file.string()}, options);
    ::_exit(0);
  }
  const auto wait_until = [](auto&& condition) {
    for (int tries = 0; tries < 1000 && !condition(); ++tries)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return condition();
  };
  REQUIRE(wait_until([&] { return test::contents(file).ends_with('\n'); }));
  const pid_t child = std::stoi(test::contents(file));
  CHECK(::kill(child, 0) == 0);
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  const bool gone = wait_until([&] { return ::kill(child, 0) != 0; });
  CHECK(gone);
  if (!gone) ::kill(child, SIGKILL);
}

TEST_CASE("a grandchild that keeps the pipes open does not hold up the end") {
  const auto child = run_child({"sh", "-c", "echo done; (sleep 3; echo late) & exit 0"});
  CHECK(child.exit == 0);
  CHECK(child.out == "done\n");
}

TEST_CASE("a command as text is what a shell reads as the same words") {
  const std::vector<std::string> words{"sh",       "-c",       "printf '%s|' \"$@\"", "sh", "a b", "it's", "", "$HOME",
                                       "x=[1, 2]", "plain-1.0"};
  const auto child = run_child({"sh", "-c", shell_text(words)});
  CHECK(child.out == "a b|it's||$HOME|x=[1, 2]|plain-1.0|");
}
