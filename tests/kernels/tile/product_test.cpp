// The host's tile product against its definition, for every kind of operand and epilogue and sizes around every tile and
// vector boundary.
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include "product_support.hpp"

using namespace sinter;

namespace {

struct NoTeam {};
constexpr std::int64_t sizes[] = {0, 1, 2, 7, 8, 9, 13, 16, 17, 31, 32, 33, 65};

/// A matrix that a product writes to; what lies between its rows must stay as it was.
template <class Real>
struct Output {
  static constexpr Real untouched = Real(-77);
  std::int64_t m, n, ld;
  std::vector<Real> data;

  Output(std::int64_t rows, std::int64_t columns)
      : m(rows),
        n(columns),
        ld(columns + 3),
        data(static_cast<std::size_t>(std::max<std::int64_t>(1, (rows - 1) * ld + columns)), untouched) {}

  [[nodiscard]] std::vector<Real> values() const {
    std::vector<Real> out;
    for (std::int64_t i = 0; i < m * n; ++i) out.push_back(data[static_cast<std::size_t>(i / n * ld + i % n)]);
    return out;
  }
  [[nodiscard]] bool padding_untouched() const {
    for (std::size_t i = 0; i < data.size(); ++i) {
      if (static_cast<std::int64_t>(i) % ld >= n && data[i] != untouched) return false;
    }
    return true;
  }
};

template <class Real, class A, class B, class Start, class Epilogue>
void run_on_host(const test::ProductProblem<Real>& p, const A& a, const B& b, const Start& start,
                 const Epilogue& epilogue) {
  using Product = tile::HostProduct<Real>;
  std::vector<unsigned char> scratch(Product::scratch_bytes(p.m, p.n, p.k));
  Product::run(NoTeam{}, scratch.data(), p.m, p.n, p.k, a, b, start, epilogue);
}

template <class Real>
void check_all_kinds(const test::ProductProblem<Real>& problem) {
  problem.each_kind([&](const auto& a, const auto& b, const auto& start) {
    Output<Real> C(problem.m, problem.n);
    run_on_host(problem, a, b, start, tile::Store<Real>{C.data.data(), C.ld});
    if (C.values() == test::chains(problem, a, b, start) && C.padding_untouched()) return;
    FAIL_CHECK("m " << problem.m << ", n " << problem.n << ", k " << problem.k << ", A by rows " << a.inner_contiguous
                    << ", B plain " << b.outer_contiguous);
  });
}

}  // namespace

TEMPLATE_TEST_CASE("the host product gives the bits of a chain of fused multiply-adds and writes nothing else", "",
                   float, double) {
  for (const auto m : sizes) {
    for (const auto n : sizes) {
      for (const auto k : sizes) check_all_kinds(test::ProductProblem<TestType>(m, n, k));
    }
  }
  SUCCEED("all sizes agree");
}

TEMPLATE_TEST_CASE("long chains and rows far apart in memory change no bit of the host product", "", float, double) {
  constexpr std::int64_t shallow = tiling::host_depth(sizeof(TestType), 37),
                         deep = tiling::host_depth(sizeof(TestType));
  for (const std::int64_t k : {shallow - 1, shallow, shallow + 1, std::int64_t{600}})
    check_all_kinds(test::ProductProblem<TestType>(37, 35, k, 600));
  for (const std::int64_t k : {deep, deep + 3}) check_all_kinds(test::ProductProblem<TestType>(261, 3, k, 600));
}

TEMPLATE_TEST_CASE("operands larger than what is packed at once change no bit of the host product", "", float, double) {
  using Product = tile::HostProduct<TestType>;
  const auto check = [](std::int64_t m, std::int64_t n, std::int64_t k) {
    const test::ProductProblem<TestType> p(m, n, k);
    const auto with = [&](const auto& a, const auto& b) {
      Output<TestType> C(m, n);
      run_on_host(p, a, b, tile::Zero{}, tile::Store<TestType>{C.data.data(), C.ld});
      INFO("m " << m << ", n " << n << ", k " << k << ", A by rows " << a.inner_contiguous << ", B plain "
                << b.outer_contiguous);
      CHECK(C.values() == test::chains(p, a, b, tile::Zero{}));
      CHECK(C.padding_untouched());
    };
    const tile::Rows<TestType> rows{p.rows.data.data(), p.rows.ld};
    with(rows, tile::Plain<TestType>{p.plain.data.data(), p.plain.ld});
    with(rows, tile::Transposed<TestType>{p.transposed.data.data(), p.transposed.ld});
    with(tile::Columns<TestType>{p.columns.data.data(), p.columns.ld},
         tile::Plain<TestType>{p.plain.data.data(), p.plain.ld});
  };
  constexpr std::int64_t deep = tiling::host_depth(sizeof(TestType)), rows = 256,
                         columns = tiling::host_columns_at_once(sizeof(TestType), Product::lanes, deep),
                         strips = tiling::host_rows_at_once(sizeof(TestType), Product::block_rows, deep / 2);
  check(rows, columns + 3, deep);
  check(strips + 5, 4 * Product::lanes, deep / 2);
}

TEMPLATE_TEST_CASE("strips of A change no bit of the host product", "", float, double) {
  constexpr std::int64_t lanes = tile::HostProduct<TestType>::lanes;
  for (const std::int64_t m : {1, 7, 127, 128, 261}) {
    for (const std::int64_t n : {4 * lanes - 1, 4 * lanes, 5 * lanes + 3}) {
      for (const std::int64_t k : {40, 300}) check_all_kinds(test::ProductProblem<TestType>(m, n, k, 600));
    }
  }
  SUCCEED("all sizes agree");
}

TEMPLATE_TEST_CASE("a host product goes on from the chains in its own output", "", float, double) {
  const test::ProductProblem<TestType> problem(21, 45, 30);
  const tile::Columns<TestType> a{problem.columns.data.data(), problem.columns.ld};
  const tile::Plain<TestType> b{problem.plain.data.data(), problem.plain.ld};
  Output<TestType> C(problem.m, problem.n);
  const tile::Store<TestType> store{C.data.data(), C.ld};
  run_on_host(problem, a, b, tile::Zero{}, store);
  run_on_host(problem, a, b, tile::Continue<TestType>{C.data.data(), C.ld}, store);
  std::vector<TestType> expected;
  for (std::int64_t m = 0; m < problem.m; ++m) {
    for (std::int64_t n = 0; n < problem.n; ++n) {
      TestType sum = 0;
      for (std::int64_t k = 0; k < 2 * problem.k; ++k) sum = std::fma(a(m, k % problem.k), b(k % problem.k, n), sum);
      expected.push_back(sum);
    }
  }
  CHECK(C.values() == expected);
}

TEMPLATE_TEST_CASE("the epilogues give the bits of the activations and of their derivatives", "", float, double) {
  constexpr Activation kinds[] = {Activation::identity, Activation::relu, Activation::tanh, Activation::gelu};
  for (const auto m : {1, 8, 13}) {
    for (const auto n : {1, 7, 16, 31, 32, 33, 70}) {
      for (const auto k : {3, 514}) {
        const test::ProductProblem<TestType> problem(m, n, k);
        const tile::Rows<TestType> a{problem.rows.data.data(), problem.rows.ld};
        const tile::Plain<TestType> b{problem.plain.data.data(), problem.plain.ld};
        const auto chains = test::chains(problem, a, b, tile::Zero{});
        for (const Activation kind : kinds) {
          Output<TestType> A(m, n), Z(m, n), D(m, n);
          const auto alpha = static_cast<TestType>(0.1);
          run_on_host(problem, a, b, tile::Zero{},
                      tile::Activate<TestType>{A.data.data(), Z.data.data(), A.ld, kind, alpha});
          run_on_host(problem, a, b, tile::Zero{},
                      tile::TimesDerivative<TestType>{D.data.data(), Z.data.data(), D.ld, kind, alpha});
          std::vector<TestType> activated, differentiated;
          for (const TestType z : chains) {
            activated.push_back(activate(kind, alpha, z));
            differentiated.push_back(z * activation_derivative(kind, alpha, z));
          }
          INFO("m " << m << ", n " << n << ", k " << k << ", " << to_name(kind));
          CHECK(Z.values() == chains);
          CHECK(A.values() == activated);
          CHECK(D.values() == differentiated);
          CHECK((A.padding_untouched() && Z.padding_untouched() && D.padding_untouched()));
        }
      }
    }
  }
}

TEMPLATE_TEST_CASE("the host product agrees with a plain sum in double", "", float, double) {
  const test::ProductProblem<TestType> problem(33, 31, 65);
  problem.each_kind([&](const auto& a, const auto& b, const auto& start) {
    Output<TestType> C(problem.m, problem.n);
    run_on_host(problem, a, b, start, tile::Store<TestType>{C.data.data(), C.ld});
    std::vector<double> expected;
    for (std::int64_t m = 0; m < problem.m; ++m) {
      for (std::int64_t n = 0; n < problem.n; ++n) {
        double sum = test::start_at<TestType>(start, m, n);
        for (std::int64_t k = 0; k < problem.k; ++k) sum += static_cast<double>(a(m, k)) * static_cast<double>(b(k, n));
        expected.push_back(sum);
      }
    }
    // A chain of k rounded steps on sums below k: k eps k at the very worst, its square root's size in practice.
    const double eps = std::numeric_limits<TestType>::epsilon();
    CHECK(test::largest_difference(C.values(), expected) < static_cast<double>(problem.k) * eps);
  });
}

TEMPLATE_TEST_CASE("the host's product sums the chains of chunks in the tree, empty chunks too", "", float, double) {
  using Product = tile::HostProduct<TestType>;
  struct Size {
    std::int64_t m, n;
    std::vector<int> bounds;  ///< where chunks begin along k, and the end
  };
  std::vector<int> many{5};
  for (int c = 0; c < Product::most_chunks; ++c) many.push_back(many.back() + 7 * c % 33);
  for (const Size& size : {Size{1, 1, {0, 1}},
                           {64, 2 * Product::lanes, {0, 32, 64}},
                           {13, 3, {2, 2, 2, 9, 20}},
                           {63, Product::lanes - 1, {0, 7, 16, 24, 41}},
                           {15, Product::lanes / 2 + 1, {3, 3, 3}},
                           {33, 600, {1, 20, 38}},
                           {263, 4 * Product::lanes + 5, {7, 40, 41, 100, 160}},
                           {35, 3 * Product::lanes + 1, many}}) {
    const auto chunks = static_cast<int>(size.bounds.size()) - 1;
    const test::ProductProblem<TestType> problem(size.m, size.n, size.bounds.back());
    const tile::Columns<TestType> a{problem.columns.data.data(), problem.columns.ld};
    const tile::Plain<TestType> b{problem.plain.data.data(), problem.plain.ld};
    std::vector<TestType> expected;
    for (std::int64_t m = 0; m < size.m; ++m) {
      for (std::int64_t n = 0; n < size.n; ++n) {
        std::vector<TestType> leaves;
        for (std::size_t c = 0; c + 1 < size.bounds.size(); ++c) {
          TestType sum = 0;
          for (int k = size.bounds[c]; k < size.bounds[c + 1]; ++k) sum = std::fma(a(m, k), b(k, n), sum);
          leaves.push_back(sum);
        }
        expected.push_back(tile::tree_sum(chunks, leaves.data(), 1));
      }
    }
    Output<TestType> out(size.m, size.n);
    std::vector<unsigned char> scratch(Product::scratch_bytes(size.m, size.n, size.bounds.back()));
    Product::sum_of_chunks(NoTeam{}, scratch.data(), size.m, size.n, a, b, size.bounds.data(), chunks, out.data.data(),
                           out.ld);
    INFO("m " << size.m << ", n " << size.n << ", chunks " << chunks);
    CHECK(out.values() == expected);
    CHECK(out.padding_untouched());
  }
}
