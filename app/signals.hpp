// Ctrl-C, SIGTERM and SIGUSR1 (what batch systems send before the end of a job) ask a run to finish its step, to write a
// checkpoint and its results, and to end. Once it is stopping, Ctrl-C ends it at once.
#pragma once

#include <sys/types.h>

namespace sinter::app {

/// Takes SIGINT, SIGTERM and SIGUSR1 from now on, and ignores SIGPIPE: a closed reader of the report must not end a
/// long run. `text`, which stays, is what the first one prints; "": nothing. May be called again with another text: a signal that
/// came in between is answered by it.
inline constexpr const char* stopping_text = "stopping after this step; Ctrl-C ends at once";
void watch_signals(const char* text = stopping_text);

/// A Ctrl-C that ends the program at once kills this process group too; 0: none.
void kill_group_too(pid_t group);

/// The first signal that came, or 0.
int received_signal();

/// "SIGTERM".
const char* signal_name(int signal);

}  // namespace sinter::app
