// Operations on elements that stay in a first-level cache: elementary functions, activations and their derivatives,
// losses, optimizers.
#include <sinter/kernels/fused/parameter_update.hpp>
#include <sinter/kernels/ops/loss.hpp>
#include <sinter/kernels/ops/schedule.hpp>

#include "benchmarks/support.hpp"

namespace sinter::bench {
namespace {

constexpr std::int64_t count = 1024;  // elements of a team

template <Space S>
inline constexpr int team_size = S::kernels_on_host ? 1 : 256;

/// f(first, n) on a team's elements: all at once on a host, one after the other a thread on a device.
template <Space S, class Team, class F>
KOKKOS_INLINE_FUNCTION void each_span(const Team& team, const F& f) {
  if constexpr (S::kernels_on_host) {
    f(std::int64_t{0}, count);
  } else {
    for (std::int64_t i = team.team_rank(); i < count; i += team_size<S>) f(i, std::int64_t{1});
  }
}

struct Exp {
  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real value(Real x) {
    return math::exp(x);
  }
};
struct Log {
  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real value(Real x) {
    return math::log(x);
  }
};

/// y = f(x).
template <Space S, class Real, class Function>
struct Elementary {
  Vector<S, Real> x, y;
  template <class Team>
  KOKKOS_INLINE_FUNCTION void operator()(const Team& team, void*) const {
    const Real* const from = x.data() + team.league_rank() * count;
    Real* const to = y.data() + team.league_rank() * count;
    each_span<S>(team, [=](std::int64_t first, std::int64_t n) {
      SINTER_SIMD
      for (std::int64_t i = first; i < first + n; ++i) to[i] = Function::value(from[i]);
    });
  }
};

/// y = f(x), or y = y f'(x).
template <Space S, class Real>
struct Activated {
  Vector<S, Real> x, y;
  Activation kind;
  bool derivative;
  template <class Team>
  KOKKOS_INLINE_FUNCTION void operator()(const Team& team, void*) const {
    const Real alpha = static_cast<Real>(0.01);
    const Real* const from = x.data() + team.league_rank() * count;
    Real* const to = y.data() + team.league_rank() * count;
    each_span<S>(team, [&](std::int64_t first, std::int64_t n) {
      if (derivative) {
        multiply_by_derivative_span(kind, alpha, from + first, to + first, n);
      } else {
        activate_span(kind, alpha, from + first, to + first, n);
      }
    });
  }
};

/// Losses of `count` / outputs rows and their gradients.
template <Space S, class Real>
struct Losses {
  Vector<S, Real> z, t, dz;
  LossArgs<Real> args;
  Activation output;
  int outputs;
  Vector<S, double> sum;
  template <class Team>
  KOKKOS_INLINE_FUNCTION void operator()(const Team& team, void*) const {
    const std::int64_t first = team.league_rank() * count;
    double all = 0;
    for (std::int64_t r = team.team_rank(); r < count / outputs; r += team_size<S>) {
      const std::int64_t at = first + r * outputs;
      all += row_loss(args, output, Real(0), z.data() + at, t.data() + at, outputs, dz.data() + at);
    }
    if (team.team_rank() == 0) sum(team.league_rank()) = all;
  }
};

/// Parameters updated from their gradients' chunk sums.
template <Space S, class Real>
struct Updates {
  Vector<S, Real> w, g, s0, s1;
  fused::UpdateTarget<Real> target;
  std::int64_t parameters;  ///< of a team
  template <class Team>
  KOKKOS_INLINE_FUNCTION void operator()(const Team& team, void*) const {
    fused::update_range<S>(team, team_size<S>, target, 0, team.league_rank() * parameters, parameters, true);
  }
};

template <class Pair, class Function>
void add_function(const char* name, double low, double high) {
  using S = typename Pair::Space;
  using Real = typename Pair::Real;
  add<Pair>(fmt::format("math/{}", name), "", [low, high](benchmark::State& state) {
    const typename S::Execution exec;
    const auto all = team_count<S>(exec) * count;
    const Elementary<S, Real, Function> piece{filled<S, Real>(exec, all, low, high), filled<S, Real>(exec, all)};
    time_piece<S, Real>(state, exec, piece, team_size<S>, 0, {0, 2.0 * count * sizeof(Real), count});
  });
}

template <class Pair>
void add_activations() {
  using S = typename Pair::Space;
  using Real = typename Pair::Real;
  for (const auto& [kind, name] : Names<Activation>::list) {
    if (kind == Activation::softmax) continue;  // of whole rows: the loss cross_entropy is measured with it
    for (const bool derivative : {false, true}) {
      add<Pair>(fmt::format("{}/{}", derivative ? "derivative" : "activation", name), "",
                [kind = kind, derivative](benchmark::State& state) {
                  const typename S::Execution exec;
                  const auto all = team_count<S>(exec) * count;
                  // y times derivatives over and over would become subnormal: there it is and stays zero.
                  const Activated<S, Real> piece{filled<S, Real>(exec, all, -4, 4),
                                                 filled<S, Real>(exec, all, derivative ? 0 : -1, derivative ? 0 : 1),
                                                 kind, derivative};
                  time_piece<S, Real>(state, exec, piece, team_size<S>, 0,
                                      {0, (derivative ? 3.0 : 2.0) * count * sizeof(Real), count});
                });
    }
  }
}

template <class Pair>
void add_losses() {
  using S = typename Pair::Space;
  using Real = typename Pair::Real;
  for (const auto& [kind, name] : Names<Loss>::list) {
    const auto output = kind == Loss::cross_entropy          ? Activation::softmax
                        : kind == Loss::binary_cross_entropy ? Activation::sigmoid
                                                             : Activation::identity;
    for (const int outputs : {1, 8, 64}) {
      add<Pair>(fmt::format("loss/{}", name), fmt::format("outputs:{}", outputs),
                [kind = kind, output, outputs](benchmark::State& state) {
                  const typename S::Execution exec;
                  const int teams = team_count<S>(exec);
                  Losses<S, Real> piece{filled<S, Real>(exec, teams * count),
                                        filled<S, Real>(exec, teams * count, 0, 1),
                                        filled<S, Real>(exec, teams * count),
                                        {},
                                        output,
                                        outputs,
                                        make_vector<S, double>(exec, "bench::sum", teams)};
                  piece.args = make_loss_args<Real>({kind, 1.0}, count / outputs, outputs);
                  time_piece<S, Real>(state, exec, piece, team_size<S>, 0, {0, 3.0 * count * sizeof(Real), count});
                });
    }
  }
}

template <class Pair>
void add_optimizers() {
  using S = typename Pair::Space;
  using Real = typename Pair::Real;
  for (const auto& [kind, name] : Names<Optimizer>::list) {
    for (const std::int64_t parameters : {std::int64_t{1024}, std::int64_t{1} << 20}) {
      add<Pair>(fmt::format("optimizer/{}", name), fmt::format("parameters:{}", parameters),
                [kind = kind, parameters](benchmark::State& state) {
                  const typename S::Execution exec;
                  const auto all = team_count<S>(exec) * parameters;
                  Updates<S, Real> piece{filled<S, Real>(exec, all),
                                         filled<S, Real>(exec, all),
                                         filled<S, Real>(exec, all, 0, 1),
                                         filled<S, Real>(exec, all, 0, 1),
                                         {},
                                         parameters};
                  OptimizerSettings settings;
                  settings.type = kind;
                  piece.target.parameters = piece.w.data();
                  piece.target.slabs = piece.g.data();
                  piece.target.state0 = piece.s0.data();
                  piece.target.state1 = piece.s1.data();
                  piece.target.step = optimizer_step_at<Real>({settings, ScheduleSpec{}, 1, 1}, 10);
                  const auto each = static_cast<double>(parameters);
                  time_piece<S, Real>(state, exec, piece, team_size<S>, 0,
                                      {0, each * (3 + 2 * optimizer_state_count(kind)) * sizeof(Real), each});
                });
    }
  }
}

}  // namespace

void register_benchmarks() {
  each_pair([](auto pair) {
    using Pair = decltype(pair);
    add_function<Pair, Exp>("exp", -10, 10);
    add_function<Pair, Log>("log", 0.001, 1000);
    add_activations<Pair>();
    add_losses<Pair>();
    add_optimizers<Pair>();
  });
}

}  // namespace sinter::bench
