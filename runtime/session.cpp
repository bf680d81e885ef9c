#include <sinter/runtime/session.hpp>

#include <sinter/runtime/spaces.hpp>

namespace sinter {

Session::Session(int threads, int device) {
  if (!Kokkos::is_initialized()) {
    Kokkos::InitializationSettings settings;
    settings.set_disable_warnings(true);
    if (threads > 0) settings.set_num_threads(threads);
    if (device >= 0) settings.set_device_id(device);
#ifdef SINTER_MOCK
    install_mock_access_check();
#endif
    Kokkos::initialize(settings);
    owner_ = true;
  }
#ifdef SINTER_MOCK
  install_mock_access_check();  // again: a tool library that Kokkos loaded has taken the callbacks away
#endif
  ledger::attach();
}

Session::~Session() {
  if (owner_ && Kokkos::is_initialized() && !Kokkos::is_finalized()) Kokkos::finalize();
}

}  // namespace sinter
