#include <sinter/app/ranks.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <sched.h>
#include <unistd.h>

#include <fmt/format.h>

#ifdef SINTER_MPI
#include <sinter/runtime/comm/mpi/mpi_communicator.hpp>
#endif
#include <sinter/app/device_assignment.hpp>
#include <sinter/app/host_facts.hpp>
#include <sinter/runtime/base/errors.hpp>
#include <sinter/runtime/base/space_names.hpp>

namespace sinter::app {
namespace {

// The other ranks may be a moment later with the same failure.
constexpr std::chrono::seconds patience{2};

int number_in(const char* variable) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? 0 : std::atoi(text);
}

/// How many tasks the step of srun has that this process belongs to; 0: none.
int tasks_of_step() { return std::getenv("SLURM_STEP_ID") == nullptr ? 0 : number_in("SLURM_STEP_NUM_TASKS"); }

#ifdef SINTER_MPI
/// Whether Open MPI could not find the other tasks: srun connects them only where it is told how (--mpi), and Open MPI
/// ends a process without that in MPI_Init. Other libraries have ways of their own, which no variable tells.
bool step_is_not_connected(const std::string& library) {
  if (!library.starts_with("Open MPI") || tasks_of_step() < 2) return false;
  return std::ranges::none_of(std::array{"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"},
                              [](const char* variable) { return std::getenv(variable) != nullptr; });
}
#endif

std::uint64_t node_identity() {
  char name[256] = {};
  ::gethostname(name, sizeof name - 1);
  return std::hash<std::string>()(name);
}

/// Which of the accelerators that this process sees it is to take; -1: the backend's choice. All ranks call it together.
int device_of_rank(Communicator& ranks, const SeenDevices& seen) {
  constexpr std::size_t most = 64;
  struct View {
    std::uint64_t node;
    std::size_t count;
    std::array<std::uint64_t, most> devices;
  };
  View own{node_identity(), std::min(seen.size(), most), {}};
  std::copy_n(seen.begin(), own.count, own.devices.begin());
  std::vector<SeenDevices> of_node;
  std::size_t place = 0;
  const auto views = of_all_ranks(ranks, own);
  for (std::size_t rank = 0; rank < views.size(); ++rank) {
    if (views[rank].node != own.node) continue;
    if (std::cmp_equal(rank, ranks.rank())) place = of_node.size();
    of_node.emplace_back(views[rank].devices.begin(), views[rank].devices.begin() + views[rank].count);
  }
  return assign_devices(of_node)[place];
}

#ifdef SINTER_MPI
/// A wrong setting becomes `problem`, which the ranks tell when they are joined, once.
DeviceMemorySupport ask_for_device_memory(std::string& problem) {
  try {
    return device_memory_support();
  } catch (const ConfigError& error) {
    problem = error.what();
    return {};
  }
}

struct Job {
  MpiSession session;
  std::string problem;
  MpiCommunicator communicator{MPI_COMM_WORLD, ask_for_device_memory(problem)};
  MpiCommunicator leaving{MPI_COMM_WORLD, {}};  // apart: one rank may be leaving while others still exchange
};

std::unique_ptr<Job>& job() {
  static std::unique_ptr<Job> instance;
  return instance;
}
#endif

}  // namespace

int launched_processes() {
  // Open MPI; MPICH, Intel MPI and srun --mpi=pmi2; a step of srun (a batch script itself has no step number).
  for (const char* variable : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}) {
    if (const int size = number_in(variable); size > 0) return size;
  }
  return std::max(tasks_of_step(), 1);
}

Communicator& join_ranks(Console& console) {
  const int processes = launched_processes();
  if (processes == 1) return single_process();
#ifdef SINTER_MPI
  if (const auto library = MpiSession::library(); step_is_not_connected(library)) {
    throw ConfigError(fmt::format(
        "srun started {} processes, but {} cannot find the others: it wants srun --mpi=pmix, or SLURM_MPI_TYPE=pmix in "
        "the environment (srun --mpi=list names what this Slurm has), or mpirun in place of srun",
        processes, library));
  }
  auto& joined = job();
  if (!joined) joined = std::make_unique<Job>();
  auto& communicator = joined->communicator;
  console.be_plain();
  if (communicator.rank() != 0) console.silence();
  if (communicator.size() != processes) {
    throw ConfigError(fmt::format(
        "the launcher started {} processes, but MPI ({}) connects {}: it is the launcher of another MPI, or "
        "srun wants --mpi=pmix or --mpi=pmi2",
        processes, MpiSession::library(), communicator.size()));
  }
  if (!joined->problem.empty()) throw ConfigError(joined->problem);
  return communicator;
#else
  (void)console;
  throw NotCompiled(fmt::format(
      "the launcher started {} processes, but this build has no MPI (docs/ranks.md): start one process", processes));
#endif
}

std::string first_text(Communicator& ranks, const std::string& own) {
  std::array<char, 64> text{};
  own.copy(text.data(), text.size() - 1);
  for (const auto& each : of_all_ranks(ranks, text)) {
    if (each.front() != '\0') return each.data();
  }
  return "";
}

std::int64_t largest(Communicator& ranks, std::int64_t own) { return std::ranges::max(of_all_ranks(ranks, own)); }

int cpus_of_node(Communicator& ranks) {
  struct View {
    std::uint64_t node;
    cpu_set_t cpus;
  };
  View own{node_identity(), {}};
  if (::sched_getaffinity(0, sizeof own.cpus, &own.cpus) != 0) CPU_ZERO(&own.cpus);  // more than a set holds
  cpu_set_t together;
  CPU_ZERO(&together);
  for (const auto& other : of_all_ranks(ranks, own)) {
    if (other.node == own.node) CPU_OR(&together, &together, &other.cpus);
  }
  return std::max(CPU_COUNT(&together), allowed_cpus());
}

int leave_ranks(const Ending& ending) {
  const bool failed = !ending.message.empty();
#ifdef SINTER_MPI
  if (auto& joined = job()) {
    auto& communicator = joined->leaving;
    const auto rank = static_cast<std::size_t>(communicator.rank());
    struct Said {
      int code, failed;
    };
    std::vector<Said> said(static_cast<std::size_t>(communicator.size()));
    const std::vector<std::int64_t> bytes(said.size(), sizeof(Said));
    said[rank] = {ending.code, failed ? 1 : 0};
    const auto request = communicator.all_gather(said.data(), bytes);
    const auto start = std::chrono::steady_clock::now();
    while (!communicator.test(request)) {  // rather than wait(): another rank may want this processor for long
      if (failed && std::chrono::steady_clock::now() - start > patience) {
        print_error(fmt::format("rank {}: {}", rank, ending.message));
        std::fflush(nullptr);
        MPI_Abort(MPI_COMM_WORLD, ending.code);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    communicator.wait(request);
    auto first = std::ranges::find(said, 1, &Said::failed);
    if (first - said.begin() == static_cast<std::ptrdiff_t>(rank)) ending.tell();
    if (first == said.end()) first = std::ranges::find_if(said, [](const Said& s) { return s.code != 0; });
    const int code = first == said.end() ? 0 : first->code;
    std::fflush(nullptr);
    auto seen = said;  // nobody ends before the message is printed
    communicator.wait(communicator.all_gather(seen.data(), bytes));
    joined.reset();
    return code;
  }
#endif
  if (failed) ending.tell();
  return ending.code;
}

MpiSupport mpi_support() {
#ifdef SINTER_MPI
  const auto memory = device_memory_support();
  return {true, MpiSession::library(), memory.direct, memory.source};
#else
  return {false, "not found when Sinter was built: several ranks need it"};
#endif
}

std::string exchange_memory(std::string_view space, const Communicator& ranks) {
  const auto known = std::ranges::find(space_names, space, &SpaceName::name);
  if (known == space_names.end() || !known->is_device) return "host memory";
  return ranks.takes_device_memory() ? "device memory" : "host mirrors";
}

Choice choose_module_of_rank(DeviceSpec& device, Communicator& ranks) {
  const auto machine = this_machine();
  auto choice = choose_module(device, read_modules(module_folders(), machine), machine);
  if (ranks.size() > 1 && device_kind_of(choice.space) == DeviceKind::accelerator)
    device.number = device_of_rank(ranks, device_identities(choice.space));
  return choice;
}

}  // namespace sinter::app
