// Prints the hashes of the parameters that a few trainings end with. same_bits.cmake runs it with several numbers of
// threads. usage: print_bits THREADS
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>

#include <sinter/models/trainer.hpp>
#include <sinter/runtime/session.hpp>

#include "support/problems.hpp"
#include "support/spaces.hpp"

using namespace sinter;

namespace {

struct Job {
  const char* name;
  std::int64_t rows, batch;
  std::vector<LayerSpec> layers;
  Optimizer optimizer;
  double clip_norm;
};

/// As test::matrix, which may be called in a Catch2 program only.
template <Space S, class Real>
Matrix<S, Real> upload(const typename S::Execution& exec, std::int64_t rows, std::int64_t columns, unsigned seed) {
  const auto values = test::noise(static_cast<std::size_t>(rows * columns), seed);
  const auto tensor = make_matrix<S, Real>(exec, "data", rows, columns);
  const HostMirror<Matrix<S, Real>> mirror(tensor);
  std::copy(values.begin(), values.end(), mirror.host().data());
  mirror.push(exec);
  wait_for(exec, "data before their host image goes");
  return tensor;
}

template <Space S, class Real>
void print(const Job& job, Fusion level) {
  const typename S::Execution exec;
  const auto X = upload<S, Real>(exec, job.rows, 3, 1);
  const auto T = upload<S, Real>(exec, job.rows, 2, 2);
  Network<S, Real> network(exec, test::mlp(3, job.layers), 5);
  TrainOptions<S, Real> options;
  options.seed = 9;
  options.training.fusion = level;
  options.training.epochs = 5;
  options.training.batch = job.batch;
  options.training.optimizer.type = job.optimizer;
  options.training.optimizer.clip_norm = job.clip_norm;
  options.normalize = {Normalize::zscore, Normalize::minmax};
  const TrainReport report = train<S, Real, Real>(exec, network, {X, T}, {}, {}, options);
  std::printf("%s %zu %s, level %s: %016" PRIx64 " loss %a\n", std::string(S::name).c_str(), 8 * sizeof(Real), job.name,
              std::string(to_name(level)).c_str(), parameter_hash(network.state(exec)),
              test::metric(*report.train, "loss"));
}

template <class Pair>
void print_all() {
  using S = typename Pair::Space;
  using Real = typename Pair::Real;
  const std::vector<LayerSpec> narrow{{7, Activation::tanh}, {13, Activation::gelu}, {2, Activation::identity}};
  const std::vector<LayerSpec> wide{{150, Activation::silu}, {131, Activation::relu}, {2, Activation::identity}};
  for (const Job& job :
       {Job{"one chunk", 25, 0, narrow, Optimizer::adam, 0}, Job{"sixteen chunks", 700, 0, narrow, Optimizer::sgd, 0},
        Job{"mini-batches", 203, 64, narrow, Optimizer::adamw, 0},
        Job{"clipped by norm", 203, 64, narrow, Optimizer::momentum, 0.1},
        Job{"wide", 300, 130, wide, Optimizer::adam, 0}}) {
    for (const Fusion level : {Fusion::epochs, Fusion::step, Fusion::layer}) print<S, Real>(job, level);
  }
}

template <class... Pair>
void print_all_of(std::tuple<Pair...>) {
  (print_all<Pair>(), ...);
}

}  // namespace

int main(int argc, char* argv[]) {
  const Session session(argc > 1 ? std::atoi(argv[1]) : 0);
  print_all_of(test::Pairs{});
}
