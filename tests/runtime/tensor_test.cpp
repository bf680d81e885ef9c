// Tensors: row-major, labelled, shapes checked with a text that tells both; and the arena that steps take their memory
// from.
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

#include <sinter/runtime/base/errors.hpp>
#include <sinter/runtime/workspace.hpp>

#include "support/contract.hpp"
#include "support/spaces.hpp"
#include "support/tensors.hpp"

using namespace sinter;
using Catch::Matchers::Message;

TEMPLATE_LIST_TEST_CASE("a tensor is row-major, has its label and is one allocation", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  Matrix<S, Real> tensor;
  CHECK(test::account_of([&] { tensor = make_matrix<S, Real>(exec, "weights", 3, 5); }).allocations == 1);
  CHECK(tensor.label() == "weights");
  CHECK(tensor.stride(0) == 5);
  CHECK(tensor.stride(1) == 1);
  const MatrixRef<S, const Real> ref = tensor;
  CHECK(ref.data() == tensor.data());
}

TEMPLATE_LIST_TEST_CASE("a wrong shape names the tensor, what it has and what was expected", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  const auto matrix = make_matrix<S, Real>(exec, "m", 3, 4);
  const auto vector = make_vector<S, Real>(exec, "v", 7);
  CHECK_NOTHROW(check_shape(matrix, "X", 3, 4));
  CHECK_NOTHROW(check_shape(matrix, "X", -1, 4));
  CHECK_THROWS_MATCHES(check_shape(matrix, "train features", 3, 5), ShapeError,
                       Message("train features: shape [3, 4], expected [3, 5]"));
  CHECK_THROWS_MATCHES(check_shape(matrix, "X", -1, 5), ShapeError, Message("X: shape [3, 4], expected [any, 5]"));
  CHECK_THROWS_MATCHES(check_shape(vector, "bias", 8), ShapeError, Message("bias: shape [7], expected [8]"));
}

TEMPLATE_LIST_TEST_CASE("slots of a workspace are aligned, apart, zero at first, and one allocation in all", "",
                        test::Spaces) {
  using S = TestType;
  const typename S::Execution exec;
  Workspace<S> workspace;
  const auto a = workspace.template add<float>(3);
  const auto none = workspace.template add<double>(0);
  const auto b = workspace.template add<double>(33);
  const auto c = workspace.template add<char>(1);
  CHECK(test::account_of([&] { workspace.allocate(exec); }).allocations == 1);
  const auto address = [](const void* p) { return reinterpret_cast<std::uintptr_t>(p); };
  for (const void* p : {static_cast<const void*>(workspace.at(a)), static_cast<const void*>(workspace.at(b)),
                        static_cast<const void*>(workspace.at(c))}) {
    CHECK(address(p) % Workspace<S>::alignment == 0);
  }
  CHECK(address(workspace.at(a) + 3) <= address(workspace.at(b)));
  CHECK(address(workspace.at(b) + 33) <= address(workspace.at(c)));
  CHECK(none.count == 0);
  CHECK(workspace.bytes() == 256 + 512 + 256);
  CHECK(test::values(exec, Vector<S, double>(workspace.at(b), 33)) == std::vector<double>(33, 0.0));
  CHECK_THROWS_MATCHES(workspace.template add<float>(1), InternalError,
                       Message("workspace: a slot was added after the arena was allocated"));
}
