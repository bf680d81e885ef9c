// The processes that a launcher (mpirun, srun) started together for one run. MPI is started only under a launcher, whose
// environment tells; without one this process is alone, and pays nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <sinter/app/console.hpp>
#include <sinter/app/modules.hpp>
#include <sinter/runtime/comm/communicator.hpp>

namespace sinter::app {

/// How many processes the launcher of this one says that it started; 1 without a launcher.
int launched_processes();

/// Joins the other ranks; starts MPI where a launcher started several processes. Only rank 0 keeps printing to the
/// console. Throws NotCompiled where this build has no MPI, and ConfigError where MPI finds others than the launcher
/// tells of.
Communicator& join_ranks(Console& console);

/// The text of the first rank that has one; of texts of up to 63 bytes. All ranks call it together.
std::string first_text(Communicator& ranks, const std::string& own);

/// The largest of the ranks' numbers. All ranks call it together.
std::int64_t largest(Communicator& ranks, std::int64_t own);

/// How many processors the ranks of this node may use together. All ranks call it together, before OpenMP binds threads.
int cpus_of_node(Communicator& ranks);

/// How a command of this process ended: `tell` prints a failure's `message`, in the whole of its form.
struct Ending {
  int code = 0;
  std::string message;  ///< "": no failure
  std::function<void()> tell;
};

/// All ranks leave together, and each with the code that this returns: a launcher passes on that of whichever rank it
/// likes, and 75 of one rank must not hide that another failed. It is the code of the lowest rank that failed; where none
/// did, the first that is not 0. Of several that failed the lowest tells, before any of them ends (a launcher then ends
/// the others). Others may still be at work when one fails: then it prints its message with its rank and ends the job.
int leave_ranks(const Ending& ending);

/// "Open MPI v4.1.4", or why this build has no MPI.
struct MpiSupport {
  bool available = false;
  std::string detail;
  bool device_memory = false;        ///< whether it takes pointers to the memory of accelerators
  std::string device_memory_source;  ///< who says so: "MPIX_Query_cuda_support"
};
/// Throws ConfigError for a SINTER_GPU_AWARE_MPI that is neither 0 nor 1.
MpiSupport mpi_support();

/// From where the ranks of a run in this space exchange: "host memory" where the space has that, "device memory" where
/// MPI takes it, else "host mirrors".
std::string exchange_memory(std::string_view space, const Communicator& ranks);

/// The module for `device`, as choose_module() of this machine; of several ranks each takes an accelerator of its own,
/// by its number on the node or, where the launcher or a cgroup shows the ranks different ones, one that it sees:
/// `device.number` (device_assignment.hpp). Throws ConfigError where the node has fewer than ranks. All ranks call it
/// together.
Choice choose_module_of_rank(DeviceSpec& device, Communicator& ranks);

}  // namespace sinter::app
