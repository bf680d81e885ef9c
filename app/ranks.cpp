#include <sinter/app/ranks.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <unistd.h>

#include <fmt/format.h>

#ifdef SINTER_MPI
#include <sinter/runtime/comm/mpi/mpi_communicator.hpp>
#endif
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

/// Which of the `devices` accelerators that this process sees it is to take; -1: the backend's choice.
int device_of_rank(Communicator& ranks, int devices) {
  struct View {
    std::size_t node, devices;
  };
  char name[256] = {};
  ::gethostname(name, sizeof name - 1);
  const char* const visible = std::getenv("CUDA_VISIBLE_DEVICES");
  const std::hash<std::string> hash;
  const View own{hash(name), hash(visible == nullptr ? "" : visible)};
  const auto views = of_all_ranks(ranks, own);
  const auto same = std::ranges::count_if(
      views, [&](const View& other) { return other.node == own.node && other.devices == own.devices; });
  if (visible != nullptr && same == 1) return 0;
  if (devices == 0) return -1;
  if (ranks.local_size() > devices) {
    throw ConfigError(
        fmt::format("{} ranks on this node, but it shows {} device{}: start as many ranks as devices, one each",
                    ranks.local_size(), devices, devices == 1 ? "" : "s"));
  }
  return ranks.local_rank();
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
    device.number = device_of_rank(ranks, device_count(choice.space));
  return choice;
}

}  // namespace sinter::app
