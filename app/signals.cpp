#include <sinter/app/signals.hpp>

#include <csignal>
#include <cstring>
#include <initializer_list>

#include <unistd.h>

namespace sinter::app {
namespace {

volatile std::sig_atomic_t first_signal = 0;
volatile std::sig_atomic_t child_group = 0;
const char* answer_text = "";

/// With what a signal handler may call.
void say(const char* text) { [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, std::strlen(text)); }

void answer(int signal) {
  if (*answer_text == '\0') return;
  say("\nsinter: ");
  say(signal_name(signal));
  say(": ");
  say(answer_text);
  say("\n");
}

// Batch systems repeat themselves (SIGUSR1, then SIGTERM, to each process and to its group), so that only a person's
// second wish, Ctrl-C, ends the program at once.
extern "C" void on_signal(int signal) {
  if (first_signal != 0) {
    if (signal != SIGINT) return;
    if (child_group != 0) ::kill(-child_group, SIGKILL);
    ::_exit(128 + signal);
  }
  first_signal = signal;
  answer(signal);
}

}  // namespace

void watch_signals(const char* text) {
  answer_text = text;
  if (first_signal != 0) answer(first_signal);
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) ::sigaction(signal, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

void kill_group_too(pid_t group) { child_group = group; }

int received_signal() { return first_signal; }

const char* signal_name(int signal) { return signal == SIGINT ? "SIGINT" : signal == SIGTERM ? "SIGTERM" : "SIGUSR1"; }

}  // namespace sinter::app
