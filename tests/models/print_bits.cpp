// Prints the hashes of what a few trainings of networks and of an ensemble end with, parameters and predictions.
// same_bits.cmake runs it with several numbers of threads and orders of teams. usage: print_bits THREADS
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>

#include <sinter/models/ensemble.hpp>
#include <sinter/models/evaluator.hpp>
#include <sinter/models/trainer.hpp>
#include <sinter/runtime/session.hpp>

#include "support/problems.hpp"
#include "support/spaces.hpp"
#include "support/team_order.hpp"

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

/// Of all bytes of a tensor (FNV-1a).
template <Space S, class View>
std::uint64_t hash_of(const typename S::Execution& exec, const View& tensor) {
  const HostMirror<View> mirror(tensor);
  mirror.pull(exec);
  const auto* bytes = reinterpret_cast<const unsigned char*>(mirror.host().data());
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (std::size_t i = 0; i < tensor.size() * sizeof(typename View::value_type); ++i)
    hash = (hash ^ bytes[i]) * 0x100000001b3u;
  return hash;
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
  const auto Y = make_matrix<S, Real>(exec, "outputs", job.rows, 2);
  Evaluator<S, Real>(exec, network, job.rows).predict(exec, X, Y);
  std::printf("%s %zu %s, level %s: %016" PRIx64 " loss %a outputs %016" PRIx64 "\n", std::string(S::name).c_str(),
              8 * sizeof(Real), job.name, std::string(to_name(level)).c_str(), parameter_hash(network.state(exec)),
              test::metric(*report.train, "loss"), hash_of<S>(exec, Y));
}

/// An ensemble of more members than threads, and of more rows than a tile of inference has.
template <Space S, class Real>
void print_ensemble(const std::vector<LayerSpec>& layers, double clip_norm) {
  constexpr std::int64_t rows = 150, members = 37;
  const typename S::Execution exec;
  const auto X = upload<S, Real>(exec, rows, 3, 1);
  const auto T = upload<S, Real>(exec, rows, 2, 2);
  const ModelSpec model = test::mlp(3, layers);
  TrainOptions<S, Real> options;
  options.seed = 9;
  options.training.epochs = 3;
  options.training.batch = 64;
  options.training.optimizer.type = Optimizer::adam;
  options.training.optimizer.clip_norm = clip_norm;
  EnsembleSpec spec;
  spec.members = members;
  for (std::int64_t i = 0; i < members; ++i)
    spec.optimizer.push_back(names_of<Optimizer>()[static_cast<std::size_t>(i) % names_of<Optimizer>().size()].first);
  Ensemble<S, Real> ensemble(exec, model, members_of(spec, options.seed, model, options.training));
  const auto report = train<S, Real, Real>(exec, ensemble, {X, T}, {}, {}, options);
  const auto Y = make_matrix<S, Real>(exec, "outputs", members * rows, 2);
  ensemble.predict(exec, X, Y);
  std::printf("%s %zu ensemble, clipped at %g: %016" PRIx64 " best %zu outputs %016" PRIx64 "\n",
              std::string(S::name).c_str(), 8 * sizeof(Real), clip_norm, hash_of<S>(exec, ensemble.parameters()),
              report.best, hash_of<S>(exec, Y));
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
  for (const double clip_norm : {0.0, 0.1}) print_ensemble<S, Real>(narrow, clip_norm);
}

template <class... Pair>
void print_all_of(std::tuple<Pair...>) {
  (print_all<Pair>(), ...);
}

}  // namespace

int main(int argc, char* argv[]) {
  const Session session(argc > 1 ? std::atoi(argv[1]) : 0);
  if (!test::take_team_order()) return 1;
  print_all_of(test::Pairs{});
}
