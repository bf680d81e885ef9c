#include <sinter/app/signals.hpp>

#include <csignal>
#include <string_view>

#include <unistd.h>

namespace sinter::app {
namespace {

volatile std::sig_atomic_t first_signal = 0;

extern "C" void on_signal(int signal) {
  if (first_signal != 0) ::_exit(128 + signal);  // 130 for Ctrl-C, as shells do
  first_signal = signal;
  constexpr std::string_view text = "\nsinter: stopping at the next epoch; once more ends at once\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace

void watch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

int received_signal() { return first_signal; }

}  // namespace sinter::app
