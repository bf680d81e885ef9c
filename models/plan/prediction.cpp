#include <sinter/models/plan/prediction.hpp>

#include <algorithm>
#include <cmath>

#include <sinter/kernels/catalog/tiling.hpp>
#include <sinter/models/plan/work.hpp>

namespace sinter {
namespace {

/// What is known of the kernels on a kind of device.
struct KernelModel {
  double product_efficiency;  ///< of the inner loop of a tile product, against the peak
  double rows_at_once;        ///< that a product's rows are rounded up to
  double extra_depth;         ///< its start and end, as so many more steps
  double element_efficiency;  ///< of element-wise operations
  double cache_speed;         ///< of the last-level cache, as a multiple of the memory's
  double product_s;           ///< fixed, of each tile product
  double pack_flops;          ///< time to copy an element of B, as so many operations; four times that transposed
};

constexpr KernelModel host_kernels{0.9, 2, 8, 0.3, 4, 40e-9, 3};
constexpr KernelModel accelerator_kernels{0.6, 64, 16, 0.3, 2, 1e-6, 0};

/// Of a BLAS, by the smallest extent of a product.
double library_efficiency(const TileProduct& p) {
  const double smallest = std::min({p.m, p.n, p.k});
  return 0.9 * smallest / (smallest + 60);
}

double padded(double extent, double to) { return std::ceil(extent / to) * to; }

struct Rates {
  KernelModel kernels;
  double real, core_flops, lanes, memory_s, cache_s;  ///< the last two: of a byte
  double cores, launch_s;
  bool host;
  bool cached;  ///< all that a step touches stays in the last-level cache
};

/// Steps along k that a register block takes at once.
double depth_of(const Rates& rates, const TileProduct& p) {
  if (!rates.host) return p.k;
  const auto most = tiling::host_depth(static_cast<std::int64_t>(rates.real), static_cast<std::int64_t>(p.m));
  return std::min(p.k, static_cast<double>(most));
}

/// Seconds of one core for a team's products.
double product_seconds(const Rates& rates, const TileProduct& p) {
  const auto& k = rates.kernels;
  const double depth = depth_of(rates, p);
  const double done = 2 * padded(p.m, k.rows_at_once) * padded(p.n, rates.lanes) *
                      (p.k + k.extra_depth * std::ceil(p.k / depth));
  // Copied where it is transposed, and where it does not stay in the cache and is used by 32 rows of A.
  const bool copied = p.transposed || (depth * p.n * rates.real > tiling::host_in_place_bytes && p.m >= 32);
  const double copy = copied ? p.k * padded(p.n, rates.lanes) * k.pack_flops * (p.transposed ? 4 : 1) : 0;
  return p.count * (done / k.product_efficiency + copy) / rates.core_flops;
}

void add(Prediction& sum, const LaunchWork& launch, const Rates& rates) {
  const double teams = launch.teams > 0 ? launch.teams : rates.cores;
  const double rounds = std::ceil(teams / rates.cores), busy = std::min(teams, rates.cores);
  double products = 0, fixed = 0;
  for (const auto& product : launch.products) {
    if (launch.library) {
      products += 2 * product.m * product.n * product.k /
                  (rates.core_flops * rates.cores * library_efficiency(product));
    } else {
      products += rounds * product_seconds(rates, product);
      fixed += rounds * product.count * rates.kernels.product_s;
    }
  }
  const double elements = launch.element_flops / teams * rounds / (rates.core_flops * rates.kernels.element_efficiency);
  // A core alone does not reach the memory's rate, nor the cache's.
  const double share = std::max(1.0, 0.5 * rates.cores / busy);
  const double outer = launch.compulsory_bytes * (rates.cached ? rates.cache_s : rates.memory_s);
  const double memory = (outer + launch.inner_bytes * rates.cache_s) * share;
  sum.compute_s += products + elements;
  sum.memory_s += memory;
  sum.latency_s += fixed + rates.launch_s;
  sum.step_s += std::max(products + elements, memory) + fixed + rates.launch_s;
}

/// `touched`: bytes of the batch and the parameters, which workspace comes to.
Prediction predict(const StepWork& work, Precision precision, double touched, double steps_per_launch,
                   const MachineModel& machine) {
  const double peak = 1e9 * (precision == Precision::float32 ? machine.fma_gflops_float32 : machine.fma_gflops_float64);
  Rates rates;
  rates.kernels = machine.kind == DeviceKind::host ? host_kernels : accelerator_kernels;
  rates.real = precision == Precision::float32 ? 4 : 8;
  rates.host = machine.kind == DeviceKind::host;
  rates.cores = machine.cores;
  rates.core_flops = peak / machine.cores;
  rates.lanes = machine.kind == DeviceKind::host ? machine.vector_bytes / rates.real : 64;
  rates.memory_s = 1 / (machine.triad_gb_s * 1e9);
  rates.cache_s = rates.memory_s / rates.kernels.cache_speed;
  rates.launch_s = machine.launch_us * 1e-6 / steps_per_launch;
  rates.cached = static_cast<double>(work.workspace_bytes) + touched <= machine.cache_bytes;

  Prediction sum;
  for (const auto& launch : work.launches) add(sum, launch, rates);
  sum.bound = sum.latency_s >= std::max(sum.compute_s, sum.memory_s) ? Bound::latency
              : sum.memory_s > sum.compute_s                         ? Bound::memory
                                                                     : Bound::compute;
  sum.peak_fraction = work.products_flops / sum.step_s / peak;
  return sum;
}

double bytes_of(const ModelSpec& model, Precision precision, std::int64_t rows) {
  return (precision == Precision::float32 ? 4.0 : 8.0) *
         static_cast<double>(rows * (model.inputs + model.outputs()) + model.parameter_count());
}

}  // namespace

Prediction predict_step(const ModelSpec& model, const TrainingSpec& training, Precision precision, const Plan& plan,
                        const LevelCost& level, const MachineModel& machine,
                        const std::vector<OptimizerSettings>& members) {
  const auto work = work_of(model, training, precision, plan, level.level, members);
  const auto networks = static_cast<double>(std::max<std::size_t>(1, members.size()));
  return predict(work, precision, networks * bytes_of(model, precision, plan.batch),
                 static_cast<double>(level.steps_per_launch), machine);
}

Prediction predict_inference(const ModelSpec& model, Precision precision, std::int64_t rows,
                             const MachineModel& machine, std::int64_t members) {
  auto work = inference_work_of(model, precision, machine.kind, rows);
  multiply(work, members);
  return predict(work, precision, static_cast<double>(members) * bytes_of(model, precision, rows), 1, machine);
}

}  // namespace sinter
