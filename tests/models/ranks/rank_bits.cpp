// Trains small networks by the ranks of MPI_COMM_WORLD and prints what rank 0 ended with: hashes, losses, normalisation
// and the ledger's account. same_bits.cmake runs it with several numbers of ranks and threads. Ends with 1 where ranks
// disagree, or where a steady step has what it must not have. usage: rank_bits THREADS
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <sinter/models/plan/share.hpp>
#include <sinter/models/trainer.hpp>
#include <sinter/runtime/comm/mpi/mpi_communicator.hpp>
#include <sinter/runtime/session.hpp>

#include "models/support/problems.hpp"
#include "support/spaces.hpp"

using namespace sinter;

namespace {

constexpr std::int64_t inputs = 5, outputs = 3;

struct Job {
  const char* name;
  std::int64_t rows, batch;
  std::vector<LayerSpec> layers;
  OptimizerSettings optimizer;
  Fusion level;
  std::int64_t buckets = 1;  ///< of the exchange
  bool drop_last = false;
  std::int64_t patience = 0;
  bool streamed = false;
  std::int64_t validation_rows = 0;
};

/// Rows [share.first_row, share.first_row + share.rows) of a matrix of noise.
template <class Real>
std::vector<Real> rows_of(std::int64_t rows, std::int64_t columns, unsigned seed, const Share& share) {
  const auto values = test::noise(static_cast<std::size_t>(rows * columns), seed);
  std::vector<Real> own;
  for (std::int64_t i = share.first_row * columns; i < (share.first_row + share.rows) * columns; ++i)
    own.push_back(static_cast<Real>(values[static_cast<std::size_t>(i)]));
  return own;
}

template <Space S, class Real>
Matrix<S, Real> upload(const typename S::Execution& exec, const std::vector<Real>& values, std::int64_t columns) {
  const auto tensor = make_matrix<S, Real>(exec, "data", static_cast<std::int64_t>(values.size()) / columns, columns);
  const HostMirror<Matrix<S, Real>> mirror(tensor);
  std::copy(values.begin(), values.end(), mirror.host().data());
  mirror.push(exec);
  wait_for(exec, "data before their host image goes");
  return tensor;
}

/// The same on all ranks?
bool agrees(Communicator& ranks, std::uint64_t value) {
  std::vector<std::uint64_t> all(static_cast<std::size_t>(ranks.size()));
  all[static_cast<std::size_t>(ranks.rank())] = value;
  ranks.wait(ranks.all_gather(all.data(), std::vector<std::int64_t>(all.size(), sizeof value)));
  return std::all_of(all.begin(), all.end(), [&](std::uint64_t other) { return other == value; });
}

bool failed = false;

void expect(bool condition, Communicator& ranks, const std::string& what) {
  if (condition) return;
  failed = true;
  std::fprintf(stderr, "rank %d of %d: %s\n", ranks.rank(), ranks.size(), what.c_str());
}

template <Space S, class Real>
void run(const Job& job, Communicator& ranks) {
  const typename S::Execution exec;
  TrainOptions<S, Real> options;
  options.seed = 9;
  options.training.fusion = job.level;
  options.training.epochs = 2;
  options.training.batch = job.batch;
  options.training.drop_last = job.drop_last;
  options.training.optimizer = job.optimizer;
  options.training.early_stopping.patience = job.patience;
  options.normalize = {Normalize::zscore, Normalize::minmax};
  options.communicator = &ranks;
  options.training_rows = job.rows;
  const auto spec = test::mlp(inputs, job.layers);
  const Plan plan = make_plan(spec, options.training, sizeof(Real) == 4 ? Precision::float32 : Precision::float64,
                              device_kind<S>, job.rows);
  const Share share = share_of(plan, ranks.rank(), ranks.size());
  const auto x = rows_of<Real>(job.rows, inputs, 1, share), t = rows_of<Real>(job.rows, outputs, 2, share);
  const auto X = upload<S>(exec, x, inputs), T = upload<S>(exec, t, outputs);
  Network<S, Real> network(exec, spec, 5);
  TrainingState last;
  options.on_checkpoint = [&](const TrainingState& state) { last = state; };
  options.training.stream_mib = 0.01;
  using OnHost = MatrixRef<HostSpaceBeside<S>, const Real>;
  const HostRows<S, Real> on_host{OnHost(x.data(), x.size() / inputs, inputs),
                                  OnHost(t.data(), t.size() / outputs, outputs)};
  const Share all{0, 1, 0, job.validation_rows};
  const auto validation_X = upload<S>(exec, rows_of<Real>(job.validation_rows, inputs, 3, all), inputs),
             validation_T = upload<S>(exec, rows_of<Real>(job.validation_rows, outputs, 4, all), outputs);
  const RawSet<S, Real> validation{validation_X, validation_T};
  const TrainReport report = job.streamed
                                 ? train_streamed<S, Real, Real>(exec, network, on_host, validation, {}, options)
                                 : train<S, Real, Real>(exec, network, {X, T}, validation, {}, options);
  expect(job.streamed == (report.stream.windows > 4), ranks,
         fmt::format("{}: {} windows", job.name, report.stream.windows));

  const std::string name = fmt::format("{} {} {}, level {}", S::name, 8 * sizeof(Real), job.name, to_name(job.level));
  const std::uint64_t hash = parameter_hash(network.state(exec));
  expect(agrees(ranks, hash), ranks, name + ": the ranks have different parameters");
  const double loss = test::metric(*report.train, "loss");
  std::uint64_t bits = 0;
  std::memcpy(&bits, &loss, sizeof bits);
  expect(agrees(ranks, bits), ranks, name + ": the ranks report different losses");

  const auto layers = static_cast<std::int64_t>(job.layers.size());
  const std::int64_t clip = job.optimizer.clip_norm > 0 ? 1 : 0;
  const LedgerCounts& steady = report.steady_state;
  if (ranks.size() > 1) {
    const std::int64_t launches = (job.level == Fusion::step ? 1 : 2 * layers + 1) + job.buckets + clip;
    // A rank without parameters of its own has nothing to clip.
    expect(steady.launches == launches || (clip > 0 && steady.launches == launches - 1), ranks,
           fmt::format("{}: {} launches, not {}", name, steady.launches, launches));
    expect(std::ranges::max(of_all_ranks(ranks, steady.launches)) == launches, ranks,
           fmt::format("{}: no rank has {} launches", name, launches));
    expect(steady.waits > 0, ranks, name + ": no wait was counted");
  } else {
    expect(steady.waits == 0, ranks, fmt::format("{}: {} waits of one rank", name, steady.waits));
  }
  expect(steady.fences == 0, ranks, fmt::format("{}: {} fences", name, steady.fences));
  expect(steady.allocations == 0, ranks, fmt::format("{}: {} allocations", name, steady.allocations));
  // Through host mirrors: losses down and up; a bucket's own sums down, those of others up, parameters down and up.
  const bool staged = ranks.size() > 1 && HostMirror<Vector<S, Real>>::copies;
  const std::int64_t copies = staged ? 2 + 4 * job.buckets + 2 * clip : 0;
  expect(steady.copies == copies, ranks, fmt::format("{}: {} copies, not {}", name, steady.copies, copies));

  const double validated = report.validation ? test::metric(*report.validation, "loss") : 0;
  std::memcpy(&bits, &validated, sizeof bits);
  expect(agrees(ranks, bits), ranks, name + ": the ranks report different validation losses");
  if (ranks.rank() != 0) return;
  std::uint64_t states = 0;
  for (const auto& array : last.optimizer_state) {
    for (const auto byte : array.bytes) states = 31 * states + static_cast<std::uint64_t>(byte);
  }
  std::printf("%s: %016" PRIx64 " loss %a %a states %016" PRIx64 " step %a shift %a\n", name.c_str(), hash, loss,
              validated, states, last.step_loss, network.normalization().features.shift.front());
}

template <class Pair>
void run_all(Communicator& ranks) {
  using S = typename Pair::Space;
  using Real = typename Pair::Real;
  const std::vector<LayerSpec> narrow{{7, Activation::tanh}, {13, Activation::gelu}, {outputs, Activation::identity}};
  const std::vector<LayerSpec> wide{{150, Activation::silu}, {131, Activation::relu}, {outputs, Activation::identity}};
  // Two layers above a bucket's length, and one that shares the last bucket with the first layer.
  const std::vector<LayerSpec> long_buckets{
      {520, Activation::tanh}, {530, Activation::tanh}, {520, Activation::relu}, {outputs, Activation::identity}};
  std::vector<Job> jobs;
  for (const Fusion level : {Fusion::step, Fusion::layer}) {
    for (const auto& [type, name] : Names<Optimizer>::list) {
      OptimizerSettings optimizer;
      optimizer.type = type;
      jobs.push_back({name.data(), 600, 256, narrow, optimizer, level});
    }
    OptimizerSettings clipped;
    clipped.type = Optimizer::momentum;
    clipped.clip_norm = 0.1;
    jobs.push_back({"clipped by norm", 903, 300, wide, clipped, level});
    jobs.push_back({"full batch", 700, 0, wide, {}, level});
    jobs.push_back({"last batch dropped", 700, 270, narrow, {}, level, 1, true});
    jobs.push_back({"early stopping", 700, 270, narrow, {}, level, 1, false, 2});
    // Two shards, of which more ranks have none.
    jobs.push_back({"validated", 600, 256, narrow, {}, level, 1, false, 2, false, 9001});
    jobs.push_back({"streamed", 1100, 256, narrow, {}, level, 1, false, 2, true});
  }
  jobs.push_back({"many buckets", 260, 256, long_buckets, {}, Fusion::layer, 3});
  for (const auto& job : jobs) run<S, Real>(job, ranks);
}

template <class... Pair>
void run_all_of(std::tuple<Pair...>, Communicator& ranks) {
  (run_all<Pair>(ranks), ...);
}

}  // namespace

int main(int argc, char* argv[]) {
  const MpiSession mpi;
  MpiCommunicator ranks(MPI_COMM_WORLD);
  const Session session(argc > 1 ? std::atoi(argv[1]) : 0);
  run_all_of(test::Pairs{}, ranks);
  return failed ? 1 : 0;
}
