#include <sinter/runtime/comm/mpi/mpi_communicator.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <sinter/runtime/base/errors.hpp>

#if defined(OPEN_MPI) && OPEN_MPI
#include <mpi-ext.h>
#endif

namespace sinter {
namespace {

std::int64_t total(Communicator::Bytes bytes) { return std::accumulate(bytes.begin(), bytes.end(), std::int64_t{0}); }

}  // namespace

DeviceMemorySupport device_memory_support() {
  if (const char* said = std::getenv("SINTER_GPU_AWARE_MPI"); said != nullptr) {
    const std::string_view value(said);
    if (value != "0" && value != "1") {
      throw ConfigError(fmt::format(
          "the environment's SINTER_GPU_AWARE_MPI is '{}'; allowed: 0 (MPI takes host memory only), 1 (it takes "
          "pointers to device memory); where it is not set, the library is asked",
          value));
    }
    return {value == "1", fmt::format("SINTER_GPU_AWARE_MPI={}", value)};
  }
#if defined(OPEN_MPI) && OPEN_MPI
#if OMPI_MAJOR_VERSION >= 5
  int initialized = 0;
  MPI_Initialized(&initialized);
  if (initialized == 0) return {false, "Open MPI tells when ranks start"};
#endif
#if defined(MPIX_CUDA_AWARE_SUPPORT) && MPIX_CUDA_AWARE_SUPPORT
  return {MPIX_Query_cuda_support() == 1, "MPIX_Query_cuda_support"};
#else
  return {false, "Open MPI was built without CUDA"};
#endif
#else
  const char* said = std::getenv("MPICH_GPU_SUPPORT_ENABLED");  // of MPICH and those that follow it
  return {said != nullptr && std::string_view(said) == "1",
          said != nullptr ? fmt::format("MPICH_GPU_SUPPORT_ENABLED={}", said) : "MPICH_GPU_SUPPORT_ENABLED is not set"};
#endif
}

MpiCommunicator::MpiCommunicator(MPI_Comm comm, DeviceMemorySupport device_memory, std::int64_t most)
    : device_memory_(std::move(device_memory)),
      most_(most) {
  MPI_Comm_dup(comm, &comm_);
  MPI_Comm_set_errhandler(comm_, MPI_ERRORS_ARE_FATAL);
  MPI_Comm_rank(comm_, &rank_);
  MPI_Comm_size(comm_, &size_);
  MPI_Comm node = MPI_COMM_NULL;
  MPI_Comm_split_type(comm_, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  MPI_Comm_rank(node, &local_rank_);
  MPI_Comm_size(node, &local_size_);
  MPI_Comm_free(&node);
}

MpiCommunicator::~MpiCommunicator() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (finalized == 0) MPI_Comm_free(&comm_);
}

MpiCommunicator::Operation& MpiCommunicator::next(Request& number) {
  auto at = std::find_if(operations_.begin(), operations_.end(), [](const Operation& o) { return o.free; });
  if (at == operations_.end()) at = operations_.emplace(operations_.end());
  at->free = false;
  at->requests.clear();
  number = static_cast<Request>(at - operations_.begin());
  return *at;
}

void MpiCommunicator::lay_out(Bytes bytes, std::vector<int>& counts, std::vector<int>& displacements) const {
  if (const auto all = total(bytes); all > most_) {
    // Parts of other lengths on other ranks: only all of them together could decide to go in several calls.
    std::fputs(fmt::format("sinter: error: rank {}: an exchange of {} bytes; MPI takes at most {} in one call\n", rank_,
                           all, most_)
                   .c_str(),
               stderr);
    std::fflush(nullptr);
    MPI_Abort(comm_, static_cast<int>(ErrorKind::config));
  }
  counts.assign(bytes.size(), 0);
  displacements.assign(bytes.size(), 0);
  std::int64_t at = 0;
  for (std::size_t r = 0; r < bytes.size(); ++r) {
    counts[r] = static_cast<int>(bytes[r]);
    displacements[r] = static_cast<int>(at);
    at += bytes[r];
  }
}

Communicator::Request MpiCommunicator::all_to_all(const void* send, Bytes send_bytes, void* receive,
                                                  Bytes receive_bytes) noexcept {
  Request number = 0;
  auto& o = next(number);
  lay_out(send_bytes, o.counts[0], o.displacements[0]);
  lay_out(receive_bytes, o.counts[1], o.displacements[1]);
  MPI_Ialltoallv(send, o.counts[0].data(), o.displacements[0].data(), MPI_BYTE, receive, o.counts[1].data(),
                 o.displacements[1].data(), MPI_BYTE, comm_, &o.requests.emplace_back());
  return number;
}

Communicator::Request MpiCommunicator::all_gather(void* data, Bytes bytes) noexcept {
  Request number = 0;
  auto& o = next(number);
  if (total(bytes) <= most_) {
    lay_out(bytes, o.counts[0], o.displacements[0]);
    MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, data, o.counts[0].data(), o.displacements[0].data(), MPI_BYTE,
                    comm_, &o.requests.emplace_back());
    return number;
  }
  auto* part = static_cast<char*>(data);
  for (std::size_t root = 0; root < bytes.size(); part += bytes[root++]) {
    for (std::int64_t at = 0; at < bytes[root]; at += most_)
      MPI_Ibcast(part + at, static_cast<int>(std::min(most_, bytes[root] - at)), MPI_BYTE, static_cast<int>(root),
                 comm_, &o.requests.emplace_back());
  }
  return number;
}

template <class T>
Communicator::Request MpiCommunicator::sum_of(T* data, std::int64_t count, MPI_Datatype type) noexcept {
  Request number = 0;
  auto& o = next(number);
  for (std::int64_t at = 0; at < count; at += most_)
    MPI_Iallreduce(MPI_IN_PLACE, data + at, static_cast<int>(std::min(most_, count - at)), type, MPI_SUM, comm_,
                   &o.requests.emplace_back());
  return number;
}

Communicator::Request MpiCommunicator::all_sum(float* data, std::int64_t count) noexcept {
  return sum_of(data, count, MPI_FLOAT);
}

Communicator::Request MpiCommunicator::all_sum(double* data, std::int64_t count) noexcept {
  return sum_of(data, count, MPI_DOUBLE);
}

bool MpiCommunicator::test(Request request) noexcept {
  auto& requests = operations_[static_cast<std::size_t>(request)].requests;
  int done = 0;
  MPI_Testall(static_cast<int>(requests.size()), requests.data(), &done, MPI_STATUSES_IGNORE);
  return done != 0;
}

void MpiCommunicator::wait(Request request) noexcept {
  auto& o = operations_[static_cast<std::size_t>(request)];
  MPI_Waitall(static_cast<int>(o.requests.size()), o.requests.data(), MPI_STATUSES_IGNORE);
  o.free = true;
}

MpiSession::MpiSession() {
  int initialized = 0;
  MPI_Initialized(&initialized);
  if (initialized != 0) return;
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
  owner_ = true;
}

MpiSession::~MpiSession() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (owner_ && finalized == 0) MPI_Finalize();
}

std::string MpiSession::library() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  MPI_Get_library_version(text, &length);
  const std::string_view all(text, static_cast<std::size_t>(length));
  return std::string(all.substr(0, all.find_first_of(",\n")));
}

}  // namespace sinter
