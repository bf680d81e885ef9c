// Who takes part in a run. Free of Kokkos. The single process is the implementation without MPI.
#pragma once

namespace sinter {

/// A group of processes that train one model together; rank 0 prints and writes.
class Communicator {
 public:
  virtual ~Communicator() = default;
  [[nodiscard]] virtual int rank() const noexcept = 0;
  [[nodiscard]] virtual int size() const noexcept = 0;
};

class SingleProcess final : public Communicator {
 public:
  [[nodiscard]] int rank() const noexcept override { return 0; }
  [[nodiscard]] int size() const noexcept override { return 1; }
};

}  // namespace sinter
