// Whole networks: inference in one launch, and training steps at every level, of a small network and of two tiny ones; and
// what the account of a step costs.
#include <sinter/kernels/fused/network_forward.hpp>
#include <sinter/models/network.hpp>
#include <sinter/models/stepper.hpp>
#include <sinter/runtime/ledger.hpp>

#include "benchmarks/support.hpp"

namespace sinter::bench {
namespace {

struct Job {
  const char* name;
  ModelSpec model;
  std::int64_t batch;
};

std::vector<Job> jobs() {
  const auto hidden = [](std::int64_t width) { return LayerSpec{width, Activation::tanh, 0}; };
  Job tiniest{"2-4-1", {}, 4}, tiny{"2-16-16-1", {}, 25}, small{"16-(64x4)-4", {}, 4096};
  tiniest.model.inputs = tiny.model.inputs = 2;
  tiniest.model.layers = {hidden(4), {1, Activation::sigmoid, 0}};
  tiny.model.layers = {hidden(16), hidden(16), {1, Activation::sigmoid, 0}};
  small.model.inputs = 16;
  small.model.layers = {hidden(64), hidden(64), hidden(64), hidden(64), {4, Activation::identity, 0}};
  return {tiniest, tiny, small};
}

template <class Pair>
void add_forward(const Job& job) {
  using S = typename Pair::Space;
  using Real = typename Pair::Real;
  for (const std::int64_t rows : {std::int64_t{1}, job.batch}) {
    add<Pair>(fmt::format("network/forward/{}", job.name), fmt::format("rows:{}", rows),
              [job, rows](benchmark::State& state) {
                const typename S::Execution exec;
                const Network<S, Real> network(exec, job.model, 1);
                const auto X = filled<S, Real>(exec, rows * job.model.inputs),
                           Y = filled<S, Real>(exec, rows * job.model.outputs());
                fused::NetworkForwardArgs<Real, Real, Real> args;
                const auto layers = fused::forward_layers<S>(exec, network.layout());
                args.shape = fused::forward_shape<S>(
                    network.layout(), fused::forward_rows<S, Real>(network.layout(), rows, exec.concurrency()),
                    layers.data());
                args.X = X.data();
                args.Y = Y.data();
                args.rows = rows;
                args.parameters = network.parameters().data();
                args.parameter_count = network.layout().parameters;
                const auto cost = fused::cost(args, network.layout());
                time_iterations<S, Real>(state, exec, {cost.flops, cost.bytes},
                                         [&] { fused::network_forward<S>(exec, args); });
              });
  }
}

template <class Pair>
void add_step(const Job& job, Fusion level) {
  using S = typename Pair::Space;
  using Real = typename Pair::Real;
  // As many steps in an iteration as level `epochs` takes in a launch.
  const bool tiny = job.batch < 100;
  const std::int64_t steps = tiny ? 100 : 1;
  add<Pair>(fmt::format("network/{}/{}", to_name(level), job.name), fmt::format("batch:{}", job.batch),
            [job, level, steps](benchmark::State& state) {
              const typename S::Execution exec;
              TrainingSpec training;
              training.fusion = level;
              training.epochs = 1'000'000'000;
              training.optimizer.type = Optimizer::adam;
              training.optimizer.learning_rate = 1e-4;
              const Network<S, Real> network(exec, job.model, 1);
              const auto plan = make_plan(job.model, training,
                                          sizeof(Real) == 4 ? Precision::float32 : Precision::float64, device_kind<S>,
                                          job.batch);
              const auto stepper = make_stepper<S, Real>(exec, network, plan, training);
              const auto X = filled<S, Real>(exec, job.batch * job.model.inputs),
                         T = filled<S, Real>(exec, job.batch * job.model.outputs(), 0, 1);
              StepRun<Real> run;
              run.X = X.data();
              run.T = T.data();
              run.order.data_rows = run.order.full_batch = job.batch;
              run.order.chunks = plan.chunks;
              run.count = steps;
              const auto times = static_cast<double>(steps);
              const auto& cost = plan.chosen;
              time_iterations<S, Real>(state, exec, {cost.flops * times, cost.compulsory_bytes * times}, [&] {
                stepper->run(exec, run);
                run.first += steps;
              });
              state.counters["steps"] = times;
            });
}

/// What the ledger costs a training step of one launch: the totals before and after, and the count of the launch.
void time_account(benchmark::State& state) {
  ledger::attach();
  static LaunchLabel label("sinter::bench::account");
  LedgerCounts largest;
  for (auto _ : state) {
    const LedgerCounts before = ledger::totals();
    label.count();
    largest = max(largest, ledger::totals() - before);
  }
  benchmark::DoNotOptimize(largest);
}

}  // namespace

void register_benchmarks() {
  benchmark::RegisterBenchmark("account/of_a_step", time_account);
  each_pair([](auto pair) {
    using Pair = decltype(pair);
    for (const auto& job : jobs()) {
      add_forward<Pair>(job);
      for (const auto level : {Fusion::none, Fusion::layer, Fusion::step, Fusion::epochs}) add_step<Pair>(job, level);
    }
  });
}

}  // namespace sinter::bench
