// A backend without kernels: the "trained" model is linear with zero weights and the mean of each training target as
// bias, so that its predictions are known in closed form. The environment tells it to fail or to be slow:
//   FAKE_FAIL        initialize | train | predict | measure | level (measure takes another one than it should)
//   FAKE_INTERFACE   interface version that it claims
//   FAKE_VERSION     version of Sinter that it claims
//   FAKE_EPOCH_MS    milliseconds that an epoch takes
//   FAKE_OPENBLAS    the code that its OpenBLAS takes by itself, without OPENBLAS_CORETYPE
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>

#include <fmt/format.h>

#include <sinter/models/backend/interface.hpp>
#include <sinter/runtime/base/version.hpp>

namespace sinter::backend {
namespace {

bool told_to_fail(std::string_view where) {
  const char* told = std::getenv("FAKE_FAIL");
  return told != nullptr && where == told;
}

/// What makes the products, as an OpenBLAS says it where the environment has one.
std::string products() {
  const char* own = std::getenv("FAKE_OPENBLAS");
  if (own == nullptr) return "FakeBlas 1.0";
  const char* told = std::getenv("OPENBLAS_CORETYPE");
  return fmt::format("OpenBLAS 1.0 for {}, OpenMP", told != nullptr ? told : own);
}

int number_from(const char* variable, int otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::atoi(text) : otherwise;
}

NamedArray floats(const std::string& name, std::vector<std::int64_t> shape, const std::vector<float>& values) {
  NamedArray array{name, Precision::float32, std::move(shape), {}};
  array.bytes.resize(values.size() * sizeof(float));
  std::memcpy(array.bytes.data(), values.data(), array.bytes.size());
  return array;
}

std::vector<float> mean_targets(const HostMatrix& targets) {
  std::vector<float> means;
  for (std::int64_t column = 0; column < targets.columns; ++column) {
    double sum = 0;
    for (std::int64_t row = 0; row < targets.rows; ++row) sum += targets.data[row * targets.columns + column];
    means.push_back(static_cast<float>(sum / static_cast<double>(targets.rows)));
  }
  return means;
}

/// A state of one step an epoch; its parameters are zero.
TrainingState first_state(const TrainRequest& request) {
  if (request.resume != nullptr) return *request.resume;
  const auto plan = make_plan(request.model, request.training, request.precision, DeviceKind::host,
                              request.train.features.rows);
  TrainingState state;
  state.model = {request.model, Precision::float32, {}, request.feature_names, request.target_names, {}};
  for (std::size_t layer = 0; layer < request.model.layers.size(); ++layer) {
    const auto in = request.model.fan_in(layer), width = request.model.layers[layer].width;
    const auto zeros = [](std::int64_t count) { return std::vector<float>(static_cast<std::size_t>(count)); };
    state.model.parameters.push_back(floats(fmt::format("layer{}/W", layer), {in, width}, zeros(in * width)));
    state.model.parameters.push_back(floats(fmt::format("layer{}/b", layer), {width}, zeros(width)));
  }
  state.seed = request.seed;
  state.level = plan.level;
  state.training_rows = plan.training_rows;
  state.batch = plan.batch;
  state.chunks = plan.chunks;
  return state;
}

SetReport report_of(const HostSet& set) {
  return {set.features.rows, {{"loss", 0.25}, {"accuracy", 0.5}}, {1, 1, 1, 1}, 2};
}

class Fake : public Backend {
 public:
  explicit Fake(DeviceSpec device) : device_(std::move(device)) {}

  Status device_info(DeviceInfo& out) noexcept override {
    out = {device_.space, "Fake processor", device_.threads == 0 ? 4 : device_.threads, 1 << 30, "0.0.0", products()};
    return {};
  }

  Status measure_peaks(MachinePeaks& out) noexcept override {
    out = {100, 50, 10, 2};
    return {};
  }

  Status train(const TrainRequest& request, const Callbacks& callbacks, TrainResult& out) noexcept override {
    callbacks.on_log(LogLevel::warning, "the fake backend learns nothing");
    out.status = "completed";
    const auto pause = std::chrono::milliseconds(number_from("FAKE_EPOCH_MS", 0));
    const std::int64_t before = request.resume != nullptr ? request.resume->steps_done : 0;
    TrainingState state = first_state(request);
    const auto make_checkpoint = [&] {
      callbacks.on_checkpoint(state);
      ++out.checkpoints;
      out.checkpoint_s += 0.25;
    };
    for (std::int64_t epoch = before + 1; epoch <= request.training.epochs; ++epoch) {
      std::this_thread::sleep_for(pause);
      out.epochs_done = out.steps_done = out.best_epoch = epoch;
      const double loss = 1.0 / static_cast<double>(epoch);
      callbacks.on_progress({epoch, request.training.epochs, epoch, loss,
                             request.validation.empty() ? std::nullopt : std::optional(loss), 0.01,
                             0.001 * static_cast<double>(epoch)});
      if (epoch == 2 && told_to_fail("train")) return {ErrorKind::numeric, "step 2: the loss is not finite (nan)"};
      const bool stops = callbacks.stop_requested() || epoch - before == request.stop_after_steps;
      state.steps_done = epoch;
      const auto every = request.checkpoint.every_steps;
      if (stops && epoch < request.training.epochs) {
        out.status = "interrupted";
        break;
      }
      if (callbacks.on_checkpoint && every > 0 && epoch % every == 0 && epoch < request.training.epochs)
        make_checkpoint();
    }
    out.epochs_done = out.steps_done = out.best_epoch = std::max(before, state.steps_done);
    if (out.status == "completed") state.phase = TrainingPhase::completed;
    if (callbacks.on_checkpoint && state.steps_done > before) make_checkpoint();
    out.plan = make_plan(request.model, request.training, request.precision, DeviceKind::host,
                         request.train.features.rows, !request.validation.empty());
    out.model = {request.model, Precision::float32, {}, request.feature_names, request.target_names, {}};
    out.model.spec.layers = {{request.train.targets.columns, Activation::identity, 0}};
    out.model.parameters.push_back(floats(
        "layer0/W", {request.model.inputs, request.train.targets.columns},
        std::vector<float>(static_cast<std::size_t>(request.model.inputs * request.train.targets.columns), 0.0F)));
    out.model.parameters.push_back(
        floats("layer0/b", {request.train.targets.columns}, mean_targets(request.train.targets)));
    out.train = report_of(request.train);
    if (!request.validation.empty()) out.validation = report_of(request.validation);
    if (!request.test.empty()) out.test = report_of(request.test);
    out.steady_state = {7, 0, 0, 0, 0};
    out.steady_steps = out.steps_done;
    out.ledger = {{"launch", "fake::step, \"quoted\"", 7 * out.steps_done, 0}};
    out.training_s = 0.001 * static_cast<double>(out.epochs_done);
    return {};
  }

  Status predict(const ModelState& model, HostMatrix features, std::vector<double>& out) noexcept override {
    if (told_to_fail("predict")) return {ErrorKind::internal, "the fake backend was told to fail"};
    const auto& bias = model.parameters.back();
    std::vector<float> values(static_cast<std::size_t>(bias.size()));
    std::memcpy(values.data(), bias.bytes.data(), bias.bytes.size());
    out.clear();
    for (std::int64_t row = 0; row < features.rows; ++row) out.insert(out.end(), values.begin(), values.end());
    return {};
  }

  Status evaluate(const ModelState&, const LossSettings&, HostSet set, SetReport& out) noexcept override {
    out = report_of(set);
    return {};
  }

  /// Steps of a millisecond a launch; a thousandth more in every repetition.
  Status measure(const MeasureRequest& request, Measurement& out) noexcept override {
    if (told_to_fail("measure")) return {ErrorKind::numeric, "measure: the loss was not finite at step 3"};
    auto training = request.training;
    training.drop_last = true;
    out.plan = make_plan(request.model, training, request.precision, DeviceKind::host, request.train.features.rows);
    if (told_to_fail("level")) out.plan.level = Fusion::none;
    out.cost = out.plan.chosen;
    out.first_step_s = 0.002 * static_cast<double>(out.cost.launches);
    out.steps = request.settings.steps > 0 ? request.settings.steps : 5;
    for (int r = 0; r < request.settings.repetitions; ++r)
      out.step_s.push_back(0.001 * static_cast<double>(out.cost.launches) * (1 + 0.001 * r));
    out.repetition = {out.cost.launches * out.steps, 0, 0, 0, 0};
    out.parameter_hash = 0xabc;
    return {};
  }

 private:
  DeviceSpec device_;
};

Status initialize(const DeviceSpec& device, std::unique_ptr<Backend>& out) noexcept {
  if (told_to_fail("initialize")) return {ErrorKind::not_compiled, "the fake device does not start"};
  out = std::make_unique<Fake>(device);
  return {};
}

}  // namespace
}  // namespace sinter::backend

extern "C" __attribute__((visibility("default"))) const sinter::backend::Entry* sinter_backend_entry() {
  using namespace sinter::backend;
  const char* claimed = std::getenv("FAKE_VERSION");
  static const Entry entry{number_from("FAKE_INTERFACE", interface_version),
                           claimed != nullptr ? claimed : sinter::version(), initialize};
  return &entry;
}
