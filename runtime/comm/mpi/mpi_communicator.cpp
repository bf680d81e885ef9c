#include <sinter/runtime/comm/mpi/mpi_communicator.hpp>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#if defined(OPEN_MPI) && OPEN_MPI
#include <mpi-ext.h>
#endif

namespace sinter {
namespace {

bool device_support() {
  if (const char* said = std::getenv("SINTER_GPU_AWARE_MPI"); said != nullptr) return std::string_view(said) == "1";
#if defined(MPIX_CUDA_AWARE_SUPPORT) && MPIX_CUDA_AWARE_SUPPORT
  return MPIX_Query_cuda_support() == 1;
#else
  const char* said = std::getenv("MPICH_GPU_SUPPORT_ENABLED");  // of MPICH and those that follow it
  return said != nullptr && std::string_view(said) == "1";
#endif
}

}  // namespace

MpiCommunicator::MpiCommunicator(MPI_Comm comm) {
  MPI_Comm_dup(comm, &comm_);
  MPI_Comm_set_errhandler(comm_, MPI_ERRORS_ARE_FATAL);
  MPI_Comm_rank(comm_, &rank_);
  MPI_Comm_size(comm_, &size_);
  MPI_Comm node = MPI_COMM_NULL;
  MPI_Comm_split_type(comm_, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  MPI_Comm_rank(node, &local_rank_);
  MPI_Comm_size(node, &local_size_);
  MPI_Comm_free(&node);
  takes_device_memory_ = device_support();
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
  number = static_cast<Request>(at - operations_.begin());
  return *at;
}

void MpiCommunicator::lay_out(Bytes bytes, std::vector<int>& counts, std::vector<int>& displacements) {
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
                 o.displacements[1].data(), MPI_BYTE, comm_, &o.request);
  return number;
}

Communicator::Request MpiCommunicator::all_gather(void* data, Bytes bytes) noexcept {
  Request number = 0;
  auto& o = next(number);
  lay_out(bytes, o.counts[0], o.displacements[0]);
  MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, data, o.counts[0].data(), o.displacements[0].data(), MPI_BYTE,
                  comm_, &o.request);
  return number;
}

Communicator::Request MpiCommunicator::all_sum(float* data, std::int64_t count) noexcept {
  Request number = 0;
  MPI_Iallreduce(MPI_IN_PLACE, data, static_cast<int>(count), MPI_FLOAT, MPI_SUM, comm_, &next(number).request);
  return number;
}

Communicator::Request MpiCommunicator::all_sum(double* data, std::int64_t count) noexcept {
  Request number = 0;
  MPI_Iallreduce(MPI_IN_PLACE, data, static_cast<int>(count), MPI_DOUBLE, MPI_SUM, comm_, &next(number).request);
  return number;
}

bool MpiCommunicator::test(Request request) noexcept {
  int done = 0;
  MPI_Test(&operations_[static_cast<std::size_t>(request)].request, &done, MPI_STATUS_IGNORE);
  return done != 0;
}

void MpiCommunicator::wait(Request request) noexcept {
  auto& o = operations_[static_cast<std::size_t>(request)];
  MPI_Wait(&o.request, MPI_STATUS_IGNORE);
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
