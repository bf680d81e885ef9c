// What ranks tell each other of themselves, with a communicator of two of which the other one's values are given.
#include <array>
#include <cstring>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include <sinter/app/host_facts.hpp>
#include <sinter/app/ranks.hpp>

using namespace sinter;

namespace {

class WithAnother final : public Communicator {
 public:
  /// `other`: what rank 1 sends.
  template <class T>
  explicit WithAnother(const T& other) : bytes_(sizeof other) {
    std::memcpy(bytes_.data(), &other, sizeof other);
  }

  [[nodiscard]] int rank() const noexcept override { return 0; }
  [[nodiscard]] int size() const noexcept override { return 2; }
  [[nodiscard]] int local_rank() const noexcept override { return 0; }
  [[nodiscard]] int local_size() const noexcept override { return 2; }
  [[nodiscard]] bool takes_device_memory() const noexcept override { return device_memory; }
  Request all_to_all(const void*, Bytes, void*, Bytes) noexcept override { return 0; }
  Request all_gather(void* data, Bytes bytes) noexcept override {
    std::memcpy(static_cast<char*>(data) + bytes[0], bytes_.data(), static_cast<std::size_t>(bytes[1]));
    return 0;
  }
  Request all_sum(float*, std::int64_t) noexcept override { return 0; }
  Request all_sum(double*, std::int64_t) noexcept override { return 0; }
  bool test(Request) noexcept override { return true; }
  void wait(Request) noexcept override {}

  bool device_memory = false;

 private:
  std::vector<char> bytes_;
};

}  // namespace

TEST_CASE("the memory of the rank that has most is what counts") {
  WithAnother more(std::int64_t{9}), less(std::int64_t{1});
  CHECK(app::largest(more, 5) == 9);
  CHECK(app::largest(less, 5) == 5);
  CHECK(app::largest(single_process(), 5) == 5);
}

TEST_CASE("why another rank stopped is known where this one has no reason") {
  std::array<char, 64> text{};
  std::strcpy(text.data(), "SIGUSR1");
  WithAnother other(text);
  CHECK(app::first_text(other, "") == "SIGUSR1");
  CHECK(app::first_text(other, "SIGTERM") == "SIGTERM");
  CHECK(app::first_text(single_process(), "").empty());
}

TEST_CASE("ranks exchange from host memory, from that of the device, or through mirrors of it") {
  WithAnother ranks(0);
  CHECK(app::exchange_memory("openmp", ranks) == "host memory");
  CHECK(app::exchange_memory("cuda", ranks) == "host mirrors");
  ranks.device_memory = true;
  CHECK(app::exchange_memory("openmp", ranks) == "host memory");
  CHECK(app::exchange_memory("cuda", ranks) == "device memory");
}

TEST_CASE("the processors of a node are at least those of this process") {
  CHECK(app::cpus_of_node(single_process()) == app::allowed_cpus());
}
