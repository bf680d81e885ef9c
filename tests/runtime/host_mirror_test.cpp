// Host mirrors: what is pushed comes back; a copy each way from a device, none where the host can read the memory.
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/runtime/host_mirror.hpp>
#include <sinter/runtime/launch.hpp>

#include "support/contract.hpp"
#include "support/spaces.hpp"
#include "support/tensors.hpp"

using namespace sinter;

namespace {
template <class View>
struct AddOne {
  View data;
  KOKKOS_FUNCTION void operator()(const int i) const { data(i) += 1; }
};
}  // namespace

TEMPLATE_LIST_TEST_CASE(
    "values make the round trip through a kernel with one copy each way from a device and none on a host", "",
    test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  const auto tensor = make_vector<S, Real>(exec, "data", 13);
  const HostMirror<Vector<S, Real>> mirror(tensor);
  CHECK((static_cast<const void*>(mirror.host().data()) == static_cast<const void*>(tensor.data())) ==
        S::host_accessible);
  for (int i = 0; i < 13; ++i) mirror.host()(i) = static_cast<Real>(i);
  const std::int64_t copies = S::host_accessible ? 0 : 1;
  const std::int64_t bytes = copies * 13 * static_cast<std::int64_t>(sizeof(Real));

  const LedgerCounts pushed = test::account_of([&] { mirror.push(exec); });
  CHECK(pushed.copies == copies);
  CHECK(pushed.copied_bytes == bytes);
  CHECK(pushed.fences == 0);
  CHECK(pushed.allocations == 0);
  static LaunchLabel label("test::add_one");
  launch(label, Kokkos::RangePolicy<typename S::Execution>(exec, 0, 13), AddOne<Vector<S, Real>>{tensor});
  const LedgerCounts pulled = test::account_of([&] { mirror.pull(exec); });
  CHECK(pulled.copies == copies);
  CHECK(pulled.copied_bytes == bytes);
  CHECK(pulled.fences == 1);
  CHECK(pulled.allocations == 0);
  for (int i = 0; i < 13; ++i) CHECK(mirror.host()(i) == static_cast<Real>(i + 1));
}

TEMPLATE_LIST_TEST_CASE("copy and fill stay on the device", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  const auto from = make_vector<S, Real>(exec, "from", 5), to = make_vector<S, Real>(exec, "to", 5);
  fill(exec, from, Real(2.5));
  CHECK(test::account_of([&] { copy(exec, to, from); }).copies == 1);
  CHECK(test::values(exec, to) == std::vector<Real>(5, Real(2.5)));
}
