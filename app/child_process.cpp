#include <sinter/app/child_process.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include <sinter/app/signals.hpp>

namespace sinter::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double grace_s = 5;                  // between SIGTERM and SIGKILL
constexpr int poll_ms = 100;                   // how often time and `stop` are looked at
constexpr std::size_t most_output = 16 << 20;  // the rest of a child's output is read and dropped

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct Pipe {
  std::array<int, 2> ends{-1, -1};
  bool open() { return ::pipe2(ends.data(), O_CLOEXEC) == 0; }
  void close(std::size_t end) {
    if (ends[end] >= 0) ::close(ends[end]);
    ends[end] = -1;
  }
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close(0);
    close(1);
  }
  /// Reads what is there; closes the pipe at its end.
  void drain(std::string& text) {
    std::array<char, 1 << 14> block{};
    for (ssize_t count = 0; ends[0] >= 0;) {
      count = ::read(ends[0], block.data(), block.size());
      if (count > 0 && text.size() < most_output) text.append(block.data(), static_cast<std::size_t>(count));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return;  // nothing more at the moment
      if (count == 0) close(0);
    }
  }
};

/// Starts the child, which a signal ends when this process ends, however that ends. The forked copy calls only what is safe
/// in one of a process with threads. Returns an error number.
int spawn(const std::vector<std::string>& arguments, bool own_group, const Pipe& out, const Pipe& err, pid_t& child) {
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  Pipe failure;  // exec closes it; before that it says why there was none
  if (!failure.open()) return errno;
  const pid_t parent = ::getpid();
  child = ::fork();
  if (child < 0) return errno;
  if (child == 0) {
    if (own_group) ::setpgid(0, 0);
    ::signal(SIGPIPE, SIG_DFL);             // what this process ignores, a child must not
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);     // a launcher ends its ranks then, as it could not after SIGKILL
    if (::getppid() != parent) ::_exit(1);  // it ended before it could be asked for
    ::dup2(::open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
    ::dup2(out.ends[1], STDOUT_FILENO);
    ::dup2(err.ends[1], STDERR_FILENO);
    ::execvp(argv[0], argv.data());
    const int error = errno;
    [[maybe_unused]] const auto written = ::write(failure.ends[1], &error, sizeof error);
    ::_exit(1);
  }
  failure.close(1);
  int error = 0;
  while (::read(failure.ends[0], &error, sizeof error) < 0 && errno == EINTR) {}
  if (error != 0) ::waitpid(child, nullptr, 0);
  return error;
}

}  // namespace

ChildOutcome run_child(const std::vector<std::string>& arguments, const ChildOptions& options) {
  ChildOutcome outcome;
  Pipe out, err;
  if (!out.open() || !err.open()) {
    outcome.err = std::strerror(errno);
    return outcome;
  }
  const auto start = Clock::now();
  pid_t child = 0;
  if (const int error = spawn(arguments, options.own_group, out, err, child)) {
    outcome.err = fmt::format("cannot start '{}': {}", arguments.front(), std::strerror(error));
    return outcome;
  }
  const pid_t target = options.own_group ? -child : child;
  if (options.own_group) kill_group_too(child);
  out.close(1);
  err.close(1);
  for (auto* pipe : {&out, &err}) ::fcntl(pipe->ends[0], F_SETFL, O_NONBLOCK);

  int status = 0;
  double asked_s = -1;  // when the child was asked to end
  for (bool ended = false; !ended;) {
    std::array<pollfd, 2> waits{{{out.ends[0], POLLIN, 0}, {err.ends[0], POLLIN, 0}}};  // -1 is left out
    ::poll(waits.data(), waits.size(), out.ends[0] < 0 && err.ends[0] < 0 ? 1 : poll_ms);
    out.drain(outcome.out);
    err.drain(outcome.err);
    ended = ::waitpid(child, &status, WNOHANG) == child;  // a grandchild may hold the pipes open for longer
    outcome.elapsed_s = seconds_since(start);
    if (ended) break;
    if (asked_s < 0) {
      outcome.stopped = options.stop && options.stop();
      outcome.timed_out = !outcome.stopped && options.time_limit_s > 0 && outcome.elapsed_s > options.time_limit_s;
      if (outcome.stopped || outcome.timed_out) {
        asked_s = outcome.elapsed_s;
        ::kill(target, SIGTERM);
      }
    } else if (outcome.elapsed_s > asked_s + grace_s) {
      ::kill(target, SIGKILL);
    }
  }
  if (asked_s >= 0 && options.own_group) ::kill(target, SIGKILL);  // what is left of the group
  kill_group_too(0);
  out.drain(outcome.out);
  err.drain(outcome.err);
  outcome.exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  outcome.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return outcome;
}

bool on_path(const std::string& program) {
  if (program.find('/') != std::string::npos) return ::access(program.c_str(), X_OK) == 0;
  const char* const variable = std::getenv("PATH");
  std::istringstream folders(variable == nullptr ? "" : variable);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (::access(((folder.empty() ? "." : folder) + "/" + program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

std::string shell_text(const std::vector<std::string>& arguments) {
  std::string text;
  for (const auto& argument : arguments) {
    const bool plain = !argument.empty() && std::ranges::all_of(argument, [](unsigned char c) {
      return std::isalnum(c) != 0 || std::strchr("_-./=:,+@%", c) != nullptr;
    });
    if (!text.empty()) text += ' ';
    if (plain) {
      text += argument;
      continue;
    }
    text += '\'';
    for (const char c : argument) text += c == '\'' ? std::string(R"('\'')") : std::string(1, c);
    text += '\'';
  }
  return text;
}

std::string last_line(std::string text) {
  text.erase(text.find_last_not_of(" \r\n") + 1);
  return text.substr(text.rfind('\n') + 1);
}

}  // namespace sinter::app
