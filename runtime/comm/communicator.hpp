// Who takes part in a run, and how they exchange data. Free of Kokkos and of MPI: the single process is here, MPI is in
// mpi/mpi_communicator.hpp. Operations are started and waited for apart, so that work goes on meanwhile.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace sinter {

/// A group of processes that train one model together; rank 0 prints and writes. All ranks start the same operations in
/// the same order. No function throws: what fails here ends the job. Not thread-safe.
class Communicator {
 public:
  using Request = int;  ///< an operation under way
  using Bytes = std::span<const std::int64_t>;

  /// The most that a rank sends or receives in one operation.
  static constexpr std::int64_t most_bytes = (std::int64_t{1} << 31) - 1;

  virtual ~Communicator() = default;
  [[nodiscard]] virtual int rank() const noexcept = 0;
  [[nodiscard]] virtual int size() const noexcept = 0;
  /// Among the ranks on the same node.
  [[nodiscard]] virtual int local_rank() const noexcept = 0;
  [[nodiscard]] virtual int local_size() const noexcept = 0;
  /// Whether pointers to the memory of accelerators may be given to all functions.
  [[nodiscard]] virtual bool takes_device_memory() const noexcept = 0;

  /// Sends to each rank its part of `send` and receives one from each into `receive`: parts in the order of ranks, one
  /// behind the other. Both stay as they are until wait().
  virtual Request all_to_all(const void* send, Bytes send_bytes, void* receive, Bytes receive_bytes) noexcept = 0;
  /// Each rank's part of `data`, which lie in the order of ranks, one behind the other, comes to all ranks.
  virtual Request all_gather(void* data, Bytes bytes) noexcept = 0;
  /// data[i] becomes its sum over all ranks, the same on all, in an order that MPI chooses: not reproducible over ranks.
  virtual Request all_sum(float* data, std::int64_t count) noexcept = 0;
  virtual Request all_sum(double* data, std::int64_t count) noexcept = 0;

  /// Whether the operation is done; lets it make progress.
  virtual bool test(Request request) noexcept = 0;
  virtual void wait(Request request) noexcept = 0;
};

class SingleProcess final : public Communicator {
 public:
  [[nodiscard]] int rank() const noexcept override { return 0; }
  [[nodiscard]] int size() const noexcept override { return 1; }
  [[nodiscard]] int local_rank() const noexcept override { return 0; }
  [[nodiscard]] int local_size() const noexcept override { return 1; }
  [[nodiscard]] bool takes_device_memory() const noexcept override { return false; }

  Request all_to_all(const void* send, Bytes send_bytes, void* receive, Bytes /*receive_bytes*/) noexcept override {
    std::memcpy(receive, send, static_cast<std::size_t>(send_bytes.front()));
    return 0;
  }
  Request all_gather(void* /*data*/, Bytes /*bytes*/) noexcept override { return 0; }
  Request all_sum(float* /*data*/, std::int64_t /*count*/) noexcept override { return 0; }
  Request all_sum(double* /*data*/, std::int64_t /*count*/) noexcept override { return 0; }
  bool test(Request /*request*/) noexcept override { return true; }
  void wait(Request /*request*/) noexcept override {}
};

/// The plain value of each rank, on all of them; all ranks call it together. Waits.
template <class T>
std::vector<T> of_all_ranks(Communicator& communicator, const T& own) {
  std::vector<T> all(static_cast<std::size_t>(communicator.size()));
  all[static_cast<std::size_t>(communicator.rank())] = own;
  communicator.wait(communicator.all_gather(all.data(), std::vector<std::int64_t>(all.size(), sizeof(T))));
  return all;
}

/// Where nothing is said of ranks.
inline Communicator& single_process() {
  static SingleProcess alone;
  return alone;
}

}  // namespace sinter
