#include <sinter/app/module_loader.hpp>

#include <cstdlib>
#include <cstring>

#include <dlfcn.h>

#include <fmt/format.h>

#include <sinter/app/host_facts.hpp>
#include <sinter/runtime/base/version.hpp>

namespace sinter::app {

void set_thread_placement(int threads) {
  const bool whole_machine = threads == 0 || threads >= allowed_cpus();
  if (std::getenv("OMP_PROC_BIND") != nullptr) return;
  ::setenv("OMP_PROC_BIND", whole_machine ? "spread" : "false", 0);
  if (whole_machine) ::setenv("OMP_PLACES", "threads", 0);
}

std::unique_ptr<backend::Backend> open_backend(const Choice& choice, DeviceSpec device) {
  const auto file = choice.module.library.string();
  // More threads than processors are of use to tests only; OpenMP runtimes crash on very many.
  if (const int most = 16 * allowed_cpus(); device.threads > most) {
    throw ConfigError(
        fmt::format("device.threads: {}; allowed: 0 to {} (16 for each processor that this process may use)",
                    device.threads, most));
  }
  set_thread_placement(device.threads);
  void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw NotCompiled(fmt::format("module '{}' cannot be opened: {}", file, ::dlerror()));
  const auto get_entry = reinterpret_cast<const backend::Entry* (*)()>(::dlsym(library, backend::entry_symbol));
  if (get_entry == nullptr) throw NotCompiled(fmt::format("module '{}' has no symbol {}", file, backend::entry_symbol));
  const auto* entry = get_entry();
  // The manifest said the same, but files can be mixed up. Nothing behind these two members is read before they agree.
  if (entry->interface_version != backend::interface_version) {
    throw NotCompiled(fmt::format("module '{}' has interface version {}; this program speaks {}", file,
                                  entry->interface_version, backend::interface_version));
  }
  if (std::strcmp(entry->sinter_version, version()) != 0) {
    throw NotCompiled(
        fmt::format("module '{}' was built for Sinter {}; this is {}", file, entry->sinter_version, version()));
  }
  device.space = choice.space;
  std::unique_ptr<backend::Backend> backend;
  check(entry->initialize(device, backend));
  if (!backend) throw InternalError(fmt::format("module '{}' gave no backend", file));
  return backend;
}

void check(const backend::Status& status) {
  if (!status.ok()) throw Error(status.kind, status.message);
}

}  // namespace sinter::app
