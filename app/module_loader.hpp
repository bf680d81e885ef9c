// Opens the one module of this process and starts its backend.
#pragma once

#include <memory>

#include <sinter/app/modules.hpp>
#include <sinter/models/backend/interface.hpp>

namespace sinter::app {

/// Sets how OpenMP places threads, where the user has not: bound to cores when the run takes all processors that it
/// may use, free otherwise, since runs that share a machine would all be bound to the same first ones. Must run before
/// a module is opened.
void set_thread_placement(int threads);

/// Opens the chosen module and initialises its backend for `device`. The module stays open until the process ends: a
/// second initialisation of Kokkos is not possible. Throws ConfigError for an absurd number of threads, NotCompiled
/// where the module does not fit, else the error of the backend.
std::unique_ptr<backend::Backend> open_backend(const Choice& choice, DeviceSpec device);

/// Throws the error that a call of the backend returned.
void check(const backend::Status& status);

}  // namespace sinter::app
