// The module's entry: starts Kokkos, picks runners from the generated table, and turns every exception into a Status.
#include <algorithm>

#include <fmt/format.h>

#include <sinter/models/module/runner.hpp>
#include <sinter/runtime/base/version.hpp>
#include <sinter/runtime/session.hpp>

namespace sinter::backend {
namespace {

template <class Work>
Status guarded(const Work& work) noexcept {
  try {
    work();
    return {};
  } catch (const Error& error) {
    return {error.kind(), error.what()};
  } catch (const std::bad_alloc&) {
    return {ErrorKind::internal, "out of memory"};
  } catch (const std::exception& error) {
    return {ErrorKind::internal, error.what()};
  } catch (...) {
    return {ErrorKind::internal, "an exception of unknown type"};
  }
}

class Module final : public Backend {
 public:
  explicit Module(const DeviceSpec& device) : session_(device.threads, device.number), space_(device.space) {
    runner(device.precision);  // refuses an unbuilt pair before any work
  }

  Status device_info(DeviceInfo& out) noexcept override {
    return guarded([&] { runner(runner_table().front().precision).device_info(out); });
  }
  Status measure_peaks(MachinePeaks& out) noexcept override {
    return guarded([&] { runner(runner_table().front().precision).measure_peaks(out); });
  }
  Status train(const TrainRequest& request, const Callbacks& callbacks, TrainResult& out) noexcept override {
    return guarded([&] { runner(request.precision).train(request, callbacks, out); });
  }
  Status predict(const ModelState& model, HostMatrix features, std::vector<double>& out) noexcept override {
    return guarded([&] { runner(model.precision).predict(model, features, out); });
  }
  Status evaluate(const ModelState& model, const LossSettings& loss, HostSet set, SetReport& out) noexcept override {
    return guarded([&] { runner(model.precision).evaluate(model, loss, set, out); });
  }
  Status measure(const MeasureRequest& request, Measurement& out) noexcept override {
    return guarded([&] { runner(request.precision).measure(request, out); });
  }

 private:
  Runner& runner(Precision precision) {
    auto& made = runners_[precision == Precision::float32 ? 0 : 1];
    if (made == nullptr) {
      const auto& table = runner_table();
      const auto entry = std::find_if(table.begin(), table.end(), [&](const RunnerEntry& e) {
        return e.space == space_ && e.precision == precision;
      });
      if (entry == table.end()) {
        std::string built;
        for (const auto& e : table)
          built += fmt::format("{}{}/{}", built.empty() ? "" : ", ", e.space, to_name(e.precision));
        throw NotCompiled(fmt::format("space {} with precision {} is not built into this module; built: {}", space_,
                                      to_name(precision), built));
      }
      made = entry->make();
    }
    return *made;
  }

  Session session_;  // outlives the runners, whose instances belong to Kokkos
  std::string space_;
  std::unique_ptr<Runner> runners_[2];
};

Status initialize(const DeviceSpec& device, std::unique_ptr<Backend>& out) noexcept {
  return guarded([&] { out = std::make_unique<Module>(device); });
}

const Entry entry{interface_version, version(), initialize};

}  // namespace
}  // namespace sinter::backend

extern "C" __attribute__((visibility("default"))) const sinter::backend::Entry* sinter_backend_entry() {
  return &sinter::backend::entry;
}
