#include <sinter/app/bench_cases.hpp>

#include <algorithm>
#include <random>

#include <fmt/format.h>

#include <sinter/models/plan/plan.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter::app {
namespace {

constexpr std::int64_t batches = 8;  // of the data: a batch is gathered from all over it

BenchNetwork network(std::int64_t inputs, std::int64_t width, int hidden, std::int64_t outputs, std::int64_t batch) {
  BenchNetwork n;
  n.name = fmt::format("{}-({}x{})-{} b{}", inputs, width, hidden, outputs, batch);
  n.model.inputs = inputs;
  n.model.layers.assign(static_cast<std::size_t>(hidden), {width, Activation::tanh, 0});
  n.model.layers.push_back({outputs, Activation::identity, 0});
  n.training.optimizer.type = Optimizer::adam;
  n.training.optimizer.learning_rate = 1e-3;
  n.training.batch = batch;
  n.training.epochs = 1'000'000'000;
  n.rows = batches * batch;
  return n;
}

/// Wide rows of the table.
BenchNetwork scaled(BenchNetwork n) {
  n.scaled = true;
  return n;
}

BenchNetwork odd(BenchNetwork n, std::string padded) {
  n.padded = std::move(padded);
  return n;
}

/// The whole data set is the batch.
BenchNetwork tiny(std::string name, std::vector<LayerSpec> layers, std::int64_t rows) {
  auto n = network(2, 1, 0, 1, rows);
  n.name = std::move(name);
  n.model.layers = std::move(layers);
  n.training.batch = 0;
  n.rows = rows;
  n.tiny = true;
  return n;
}

BenchNetwork ensemble(std::int64_t members, BenchNetwork n) {
  n.single = n.name;
  n.name = fmt::format("{} x {}", members, n.name);
  n.members = members;
  return n;
}

BenchNetwork classifier() {
  auto n = network(784, 1, 0, 10, 256);
  n.name = "784-512-256-10 b256";
  n.model.layers = {{512, Activation::relu, 0}, {256, Activation::relu, 0}, {10, Activation::softmax, 0}};
  n.training.loss.type = Loss::cross_entropy;
  return scaled(n);
}

std::vector<BenchNetwork> all_networks() {
  const LayerSpec output{1, Activation::sigmoid, 0};
  const auto uat = tiny("2-16-16-1 uat", {{16, Activation::tanh, 0}, {16, Activation::tanh, 0}, output}, 25);
  return {
      scaled(network(16, 64, 4, 4, 4096)),
      scaled(network(32, 128, 4, 8, 4096)),
      scaled(network(64, 256, 4, 16, 4096)),
      scaled(network(256, 1024, 3, 64, 2048)),
      classifier(),
      tiny("2-4-1 xor", {{4, Activation::tanh, 0}, output}, 4),
      uat,
      ensemble(1024, uat),
      odd(network(16, 64, 4, 4, 4095), "16-(64x4)-4 b4096"),
      odd(network(16, 63, 4, 4, 4096), "16-(64x4)-4 b4096"),
      odd(network(16, 65, 4, 4, 4096), "16-(80x4)-4 b4096"),
      network(16, 80, 4, 4, 4096),
      odd(network(16, 7, 4, 4, 4096), "16-(8x4)-4 b4096"),
      network(16, 8, 4, 4, 4096),
  };
}

constexpr Fusion levels[] = {Fusion::none, Fusion::layer, Fusion::step, Fusion::epochs};

}  // namespace

const std::vector<BenchNetwork>& bench_networks() {
  static const auto networks = all_networks();
  return networks;
}

Dataset BenchNetwork::data() const {
  Dataset data;
  std::mt19937_64 draw(1);
  const auto uniform = [&draw] { return static_cast<double>(draw() >> 11) * 0x1p-52 - 1.0; };
  data.train.rows = rows;
  data.train.features.resize(static_cast<std::size_t>(rows * model.inputs));
  data.train.targets.resize(static_cast<std::size_t>(rows * model.outputs()));
  std::ranges::generate(data.train.features, uniform);
  if (training.loss.type == Loss::cross_entropy) {
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto chosen = static_cast<std::int64_t>(draw() % static_cast<std::uint64_t>(model.outputs()));
      data.train.targets[static_cast<std::size_t>(row * model.outputs() + chosen)] = 1;
    }
  } else {
    std::ranges::generate(data.train.targets, uniform);
  }
  for (std::int64_t j = 0; j < model.inputs; ++j) data.feature_names.push_back(fmt::format("x{}", j));
  for (std::int64_t j = 0; j < model.outputs(); ++j) data.target_names.push_back(fmt::format("y{}", j));
  return data;
}

std::string BenchCase::name() const {
  return fmt::format("{} {}{}{}", network->name, to_name(mode),
                     mode == MeasureMode::training ? fmt::format(" {}", to_name(level)) : "",
                     one_thread ? ", 1 thread" : "");
}

std::vector<BenchCase> bench_cases(const std::vector<std::string>& filters, Precision precision, int threads,
                                   std::vector<BenchRefusal>& refused) {
  const auto wanted = [&](const std::string& name) {
    return filters.empty() ||
           std::ranges::any_of(filters, [&](const std::string& filter) { return name.find(filter) != name.npos; });
  };
  std::vector<BenchCase> cases;
  const auto add = [&](const BenchCase& one) {
    if (wanted(one.name())) cases.push_back(one);
  };
  for (const auto& network : bench_networks()) {
    auto training = network.training;
    const auto automatic = make_plan(network.model, training, precision, DeviceKind::host, network.rows).level;
    for (const auto level : levels) {
      if (level == Fusion::epochs ? !network.tiny : network.members > 1) continue;
      const BenchCase one{&network, MeasureMode::training, level, false};
      try {
        training.fusion = level;
        make_plan(network.model, training, precision, DeviceKind::host, network.rows);
      } catch (const ConfigError& error) {
        if (wanted(one.name())) refused.push_back({one.name(), error.what()});
        continue;
      }
      add(one);
    }
    if (network.members == 1) add({&network, MeasureMode::inference, Fusion::automatic, false});
    if (!network.scaled || threads == 1) continue;
    add({&network, MeasureMode::training, automatic, true});
    add({&network, MeasureMode::inference, Fusion::automatic, true});
  }
  if (cases.empty()) {
    throw UsageError(fmt::format("--rows: no row has one of these in its name; names are like '{}'",
                                 BenchCase{&bench_networks().front(), MeasureMode::training, Fusion::step}.name()));
  }
  return cases;
}

BenchCase bench_case(const std::string& name) {
  for (const auto& network : bench_networks()) {
    for (const bool one_thread : {false, true}) {
      const BenchCase inference{&network, MeasureMode::inference, Fusion::automatic, one_thread};
      if (inference.name() == name) return inference;
      for (const auto level : levels) {
        const BenchCase training{&network, MeasureMode::training, level, one_thread};
        if (training.name() == name) return training;
      }
    }
  }
  throw UsageError(fmt::format("--case: no measurement of the table is named '{}'", name));
}

}  // namespace sinter::app
