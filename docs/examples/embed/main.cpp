// A surrogate for an equation of state, trained and called inside an application with its own Kokkos and its own Views.
// A hydrodynamics code holds density and internal energy of partly ionised hydrogen and wants its pressure, in every
// cell at every step. The exact way solves Saha's equation in a bisection for the temperature; a network replaces it:
//   energy   e = 3/2 (1 + x) R T + x I       x: ionised fraction, R: gas constant, I: ionisation energy, both per gram
//   Saha     x^2 / (1 - x) = S / rho T^(3/2) exp(-I / (R T))
//   pressure p = (1 + x) rho R T             the network learns log(p / (rho e)) from log rho and log e
#include <cstdio>
#include <string>

#include <Kokkos_Core.hpp>

#include <sinter/models/trainer.hpp>
#include <sinter/runtime/ledger.hpp>

namespace {

using Execution = Kokkos::DefaultExecutionSpace;
using Space = sinter::SpaceFor<Execution>;
using Field = Kokkos::View<double*, Execution>;
using Samples = Kokkos::View<float**, Kokkos::LayoutRight, Execution>;  // a row a sample, as Sinter wants it
using Handle = sinter::DeviceHandle<Space, float, 32>;

/// Hydrogen in cgs units.
struct Hydrogen {
  static constexpr double gas_constant = 8.254e7;  // erg / (g K)
  static constexpr double ionisation = 1.302e13;   // erg / g
  static constexpr double saha = 4.041e-9;         // g / (cm^3 K^(3/2))

  KOKKOS_FUNCTION static double ionised(double density, double temperature) {
    const double right = saha / density * temperature * Kokkos::sqrt(temperature) *
                         Kokkos::exp(-ionisation / (gas_constant * temperature));
    return 2 / (1 + Kokkos::sqrt(1 + 4 / right));  // the positive root of x^2 + right x - right = 0; 0 for right = 0
  }
  KOKKOS_FUNCTION static double pressure(double density, double energy) {
    double low = 0, high = energy / (1.5 * gas_constant);
    for (int i = 0; i < 60; ++i) {
      const double middle = (low + high) / 2, x = ionised(density, middle);
      (1.5 * (1 + x) * gas_constant * middle + x * ionisation < energy ? low : high) = middle;
    }
    return (1 + ionised(density, low)) * density * gas_constant * low;
  }
};

/// The box that is learned, u and v in [-1, 1]: density 1e-10 to 1e-6 g/cm^3, energy 10^11.6 to 10^13.6 erg/g.
KOKKOS_INLINE_FUNCTION double density_at(double u) { return Kokkos::pow(10.0, -8 + 2 * u); }
KOKKOS_INLINE_FUNCTION double energy_at(double v) { return Kokkos::pow(10.0, 12.6 + v); }
KOKKOS_INLINE_FUNCTION float density_coordinate(double density) { return float((Kokkos::log10(density) + 8) / 2); }
KOKKOS_INLINE_FUNCTION float energy_coordinate(double energy) { return float(Kokkos::log10(energy) - 12.6); }

/// Point i of an even, irregular cover of the box (the additive recurrence R2); other offsets give other points.
struct Cover {
  double offset;
  KOKKOS_FUNCTION double u(int i) const { return fraction(i * 0.7548776662466927); }
  KOKKOS_FUNCTION double v(int i) const { return fraction(i * 0.5698402909980532); }
  KOKKOS_FUNCTION double fraction(double t) const { return 2 * (t + offset - Kokkos::floor(t + offset)) - 1; }
};

void make_samples(const Execution& exec, const Samples& X, const Samples& T, Cover cover) {
  Kokkos::parallel_for(
      "eos::samples", Kokkos::RangePolicy<Execution>(exec, 0, X.extent_int(0)), KOKKOS_LAMBDA(int i) {
        const double density = density_at(cover.u(i)), energy = energy_at(cover.v(i));
        X(i, 0) = density_coordinate(density);
        X(i, 1) = energy_coordinate(energy);
        T(i, 0) = float(Kokkos::log(Hydrogen::pressure(density, energy) / (density * energy)));
      });
}

struct Cells {
  Field density, energy, by_threads, by_teams;  ///< the last two: pressure, computed in two ways
};

/// One thread a cell: the handle is captured by value and called with local arrays.
void pressure_by_threads(const Execution& exec, const Cells& cells, const Handle& network) {
  Kokkos::parallel_for(
      "eos::threads", Kokkos::RangePolicy<Execution>(exec, 0, cells.density.extent_int(0)), KOKKOS_LAMBDA(int i) {
        const double density = cells.density(i), energy = cells.energy(i);
        const float x[2] = {density_coordinate(density), energy_coordinate(energy)};
        float y[1];
        network(x, y);
        cells.by_threads(i) = Kokkos::exp(double(y[0])) * density * energy;
      });
}

/// One team a cell, for wider networks: the activations lie in team scratch, the output where the whole team sees it.
void pressure_by_teams(const Execution& exec, const Cells& cells, const Handle& network) {
  using Policy = Kokkos::TeamPolicy<Execution>;
  const auto bytes = network.scratch_bytes();
  Kokkos::parallel_for(
      "eos::teams", Policy(exec, cells.density.extent_int(0), Kokkos::AUTO).set_scratch_size(0, Kokkos::PerTeam(bytes)),
      KOKKOS_LAMBDA(const Policy::member_type& team) {
        const int i = team.league_rank();
        const double density = cells.density(i), energy = cells.energy(i);
        const float x[2] = {density_coordinate(density), energy_coordinate(energy)};
        network(team, x, &cells.by_teams(i), team.team_scratch(0).get_shmem(bytes));
        Kokkos::single(Kokkos::PerTeam(team),
                       [&]() { cells.by_teams(i) = Kokkos::exp(cells.by_teams(i)) * density * energy; });
      });
}

void print(const char* what, const sinter::LedgerCounts& counts) {
  std::printf("%-25s %lld launches of Sinter, %lld fences, %lld copies, %lld allocations\n", what,
              static_cast<long long>(counts.launches), static_cast<long long>(counts.fences),
              static_cast<long long>(counts.copies), static_cast<long long>(counts.allocations));
}

/// What the ledger counted while `work` ran: Sinter's launches, and all fences, copies and allocations of the process.
template <class Work>
sinter::LedgerCounts account(const char* what, const Work& work) {
  const auto before = sinter::ledger::totals();
  work();
  const auto during = sinter::ledger::totals() - before;
  print(what, during);
  return during;
}

bool run() {
  const Execution exec;
  sinter::ledger::attach();

  const Samples X("eos::X", 8192, 2), T("eos::T", 8192, 1);
  make_samples(exec, X, T, Cover{0.0});

  sinter::ModelSpec spec;
  spec.inputs = 2;
  spec.layers = {{32, sinter::Activation::tanh}, {32, sinter::Activation::tanh}, {1, sinter::Activation::identity}};
  sinter::Network<Space, float> network(exec, spec, 1);
  sinter::TrainOptions<Space, float> options;
  options.training.optimizer.type = sinter::Optimizer::adam;
  options.training.optimizer.learning_rate = 0.01;
  options.training.schedule.type = sinter::Schedule::cosine;
  options.training.epochs = 200;
  options.training.batch = 128;
  const sinter::TrainReport report = sinter::train(exec, network, {X, T}, {}, {}, options);
  const auto& step = report.steady_state;
  std::printf("trained on the application's Views: %lld steps on %s in %.1f s\n",
              static_cast<long long>(report.steps_done), std::string(Space::name).c_str(), report.training_s);
  print("a step of training:", step);

  const int count = 20000;
  const Cells cells{Field("eos::density", count), Field("eos::energy", count), Field("eos::by_threads", count),
                    Field("eos::by_teams", count)};
  Kokkos::parallel_for(
      "eos::cells", Kokkos::RangePolicy<Execution>(exec, 0, count), KOKKOS_LAMBDA(int i) {
        const Cover cover{0.3};
        cells.density(i) = density_at(cover.u(i));
        cells.energy(i) = energy_at(cover.v(i));
      });

  const auto handle = network.device_handle<32>();
  pressure_by_teams(exec, cells, handle);  // Kokkos may grow its team scratch at the first launch that uses it
  const auto threads = account("10 calls by threads:", [&] {
    for (int i = 0; i < 10; ++i) pressure_by_threads(exec, cells, handle);
  });
  const auto teams = account("10 calls by teams:", [&] {
    for (int i = 0; i < 10; ++i) pressure_by_teams(exec, cells, handle);
  });

  double largest = 0, squares = 0;
  int different = 0;
  Kokkos::parallel_reduce(
      "eos::compare", Kokkos::RangePolicy<Execution>(exec, 0, count),
      KOKKOS_LAMBDA(int i, double& sum, double& most, int& unequal) {
        const double error = cells.by_threads(i) / Hydrogen::pressure(cells.density(i), cells.energy(i)) - 1;
        sum += error * error;
        most = Kokkos::fmax(most, Kokkos::fabs(error));
        unequal += cells.by_threads(i) != cells.by_teams(i);
      },
      squares, Kokkos::Max<double>(largest), different);
  const double rms = Kokkos::sqrt(squares / count);
  std::printf("pressure of %d other cells against the exact solution: relative error %.2e rms, %.2e at most\n", count,
              rms, largest);
  std::printf("cells where threads and teams differ: %d\n", different);

  const sinter::LedgerCounts nothing, planned{report.plan.chosen.launches, 0, 0, 0, 0};
  const bool good = rms < 0.01 && largest < 0.05 && different == 0 && threads == nothing && teams == nothing &&
                    step == planned;
  std::puts(good ? "good" : "NOT good");
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  const Kokkos::ScopeGuard kokkos(argc, argv);
  return run() ? 0 : 1;
}
