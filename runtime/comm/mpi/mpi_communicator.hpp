// The ranks of an MPI communicator. An application that has started MPI gives its own; the program `sinter` starts MPI
// by an MpiSession. Free of Kokkos.
#pragma once

#include <mpi.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <sinter/runtime/comm/communicator.hpp>

namespace sinter {

/// Whether MPI takes pointers to the memory of accelerators, and who says so.
struct DeviceMemorySupport {
  bool direct = false;
  std::string source;
};
/// As SINTER_GPU_AWARE_MPI says (0 or 1; throws ConfigError for anything else), or else the library
/// (MPIX_Query_cuda_support, or MPICH_GPU_SUPPORT_ENABLED). Open MPI from version 5 on knows only when MPI has started.
DeviceMemorySupport device_memory_support();

/// Works on a duplicate of the communicator, whose errors end the job. Collective to make and to destroy.
class MpiCommunicator final : public Communicator {
 public:
  /// Elements that a call of MPI counts by `int`; the longest of its operations.
  static constexpr std::int64_t longest = std::numeric_limits<int>::max();

  /// Throws ConfigError as device_memory_support() does. `most`: what is longer goes in several calls (tests set less).
  explicit MpiCommunicator(MPI_Comm comm) : MpiCommunicator(comm, device_memory_support()) {}
  MpiCommunicator(MPI_Comm comm, DeviceMemorySupport device_memory, std::int64_t most = longest);
  ~MpiCommunicator() override;
  MpiCommunicator(const MpiCommunicator&) = delete;
  MpiCommunicator& operator=(const MpiCommunicator&) = delete;

  [[nodiscard]] int rank() const noexcept override { return rank_; }
  [[nodiscard]] int size() const noexcept override { return size_; }
  [[nodiscard]] int local_rank() const noexcept override { return local_rank_; }
  [[nodiscard]] int local_size() const noexcept override { return local_size_; }
  [[nodiscard]] bool takes_device_memory() const noexcept override { return device_memory_.direct; }

  /// More than `most` bytes in all end the job with a message: callers look at Communicator::most_bytes before. The other
  /// two take any number.
  Request all_to_all(const void* send, Bytes send_bytes, void* receive, Bytes receive_bytes) noexcept override;
  Request all_gather(void* data, Bytes bytes) noexcept override;
  Request all_sum(float* data, std::int64_t count) noexcept override;
  Request all_sum(double* data, std::int64_t count) noexcept override;
  bool test(Request request) noexcept override;
  void wait(Request request) noexcept override;

 private:
  /// Counts and displacements of an operation, which MPI reads until it is done.
  struct Operation {
    std::vector<MPI_Request> requests;
    std::vector<int> counts[2], displacements[2];
    bool free = true;
  };
  Operation& next(Request& number);
  void lay_out(Bytes bytes, std::vector<int>& counts, std::vector<int>& displacements) const;
  template <class T>
  Request sum_of(T* data, std::int64_t count, MPI_Datatype type) noexcept;

  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_ = 0, size_ = 1, local_rank_ = 0, local_size_ = 1;
  DeviceMemorySupport device_memory_;
  std::int64_t most_ = longest;
  std::vector<Operation> operations_;
};

/// MPI_Init and MPI_Finalize, unless an application has called the former.
class MpiSession {
 public:
  MpiSession();
  ~MpiSession();
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;

  /// "Open MPI v4.1.4".
  static std::string library();

 private:
  bool owner_ = false;
};

}  // namespace sinter
