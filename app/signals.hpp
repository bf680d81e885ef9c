// Ctrl-C and SIGTERM: the first asks the run to end at the next epoch and to write everything; the second ends the
// program at once.
#pragma once

namespace sinter::app {

/// Takes SIGINT and SIGTERM from now on, and ignores SIGPIPE: a closed reader of the report must not end a long run.
void watch_signals();

/// The first signal that came, or 0.
int received_signal();

}  // namespace sinter::app
