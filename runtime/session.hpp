// The life of Kokkos in a program that Sinter starts. An application that embeds Sinter initialises Kokkos itself and
// needs no session.
#pragma once

#include <sinter/runtime/ledger.hpp>

namespace sinter {

/// Initialises Kokkos unless somebody did, attaches the ledger, and finalises what it initialised.
class Session {
 public:
  /// `threads`: of a host space, 0: all that the process may use. `device`: number of the accelerator, -1: Kokkos'
  /// choice.
  explicit Session(int threads = 0, int device = -1);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

 private:
  bool owner_ = false;
};

}  // namespace sinter
