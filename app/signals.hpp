// Ctrl-C, SIGTERM and SIGUSR1 (what batch systems send before the end of a job) ask a run to finish its step, to write a
// checkpoint and its results, and to end. Once it is stopping, Ctrl-C ends it at once.
#pragma once

namespace sinter::app {

/// Takes SIGINT, SIGTERM and SIGUSR1 from now on, and ignores SIGPIPE: a closed reader of the report must not end a
/// long run.
void watch_signals();

/// The first signal that came, or 0.
int received_signal();

/// "SIGTERM".
const char* signal_name(int signal);

}  // namespace sinter::app
