// The ranks of an MPI communicator. An application that has started MPI gives its own; the program `sinter` starts MPI
// by an MpiSession. Free of Kokkos.
#pragma once

#include <mpi.h>

#include <string>
#include <vector>

#include <sinter/runtime/comm/communicator.hpp>

namespace sinter {

/// Works on a duplicate of the communicator, whose errors end the job. Collective to make and to destroy.
class MpiCommunicator final : public Communicator {
 public:
  explicit MpiCommunicator(MPI_Comm comm);
  ~MpiCommunicator() override;
  MpiCommunicator(const MpiCommunicator&) = delete;
  MpiCommunicator& operator=(const MpiCommunicator&) = delete;

  [[nodiscard]] int rank() const noexcept override { return rank_; }
  [[nodiscard]] int size() const noexcept override { return size_; }
  [[nodiscard]] int local_rank() const noexcept override { return local_rank_; }
  [[nodiscard]] int local_size() const noexcept override { return local_size_; }
  /// As the library says of itself (MPIX_Query_cuda_support, or MPICH_GPU_SUPPORT_ENABLED); SINTER_GPU_AWARE_MPI=0 or 1
  /// overrules it.
  [[nodiscard]] bool takes_device_memory() const noexcept override { return takes_device_memory_; }

  Request all_to_all(const void* send, Bytes send_bytes, void* receive, Bytes receive_bytes) noexcept override;
  Request all_gather(void* data, Bytes bytes) noexcept override;
  Request all_sum(float* data, std::int64_t count) noexcept override;
  Request all_sum(double* data, std::int64_t count) noexcept override;
  bool test(Request request) noexcept override;
  void wait(Request request) noexcept override;

 private:
  /// Counts and displacements of an operation, which MPI reads until it is done.
  struct Operation {
    MPI_Request request = MPI_REQUEST_NULL;
    std::vector<int> counts[2], displacements[2];
    bool free = true;
  };
  Operation& next(Request& number);
  static void lay_out(Bytes bytes, std::vector<int>& counts, std::vector<int>& displacements);

  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_ = 0, size_ = 1, local_rank_ = 0, local_size_ = 1;
  bool takes_device_memory_ = false;
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
