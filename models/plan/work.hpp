// What a steady training step consists of at a fusion level: its launches, the products of tiles that each team does,
// element-wise operations, and what has to move. The one description that costs and predicted times are sums over. It
// follows the kernels: kernels/fused (dense_forward, loss_gradient, dense_backward, network_step) and kernels/classic.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <sinter/models/plan/plan.hpp>

namespace sinter {

/// `count` products of tiles, C [m, n] from an inner extent k, one after the other in a team.
struct TileProduct {
  double m = 0, n = 0, k = 0, count = 1;
  bool transposed = false;  ///< B is: a host copies it first
};

struct LaunchWork {
  std::string_view name;
  double teams = 1;                   ///< that may run at the same time
  std::vector<TileProduct> products;  ///< of each team
  double element_flops = 0;           ///< element-wise operations of all teams (kernels/catalog/costs.hpp)
  double compulsory_bytes = 0;        ///< each operand read once, each result written once
  double inner_bytes = 0;             ///< moved beside that: chunk sums, and operands that several teams read
  bool library = false;               ///< a product by a BLAS, which divides it as it likes
};

struct StepWork {
  std::vector<LaunchWork> launches;
  double products_flops = 0;         ///< 6 x batch x weights: forward, dX and dW of every layer; forward alone: 2 x
  std::int64_t scratch_bytes = 0;    ///< of a team, the most that a launch asks for
  std::int64_t workspace_bytes = 0;  ///< of the whole device
  std::int64_t row_tile = 0;         ///< rows that a team takes through the network at once; 0 where layers are apart
};

/// The launches of one network, of so many like networks at once.
void multiply(StepWork& work, std::int64_t members);

/// A prediction of `rows` rows, the whole network in one launch (kernels/fused/network_forward.hpp).
StepWork inference_work_of(const ModelSpec& model, Precision precision, DeviceKind kind, std::int64_t rows);

/// A step with the batch and chunks of `plan` at `level`, which need not be the plan's. `members`: of an ensemble, at level
/// `epochs`, the optimizer of each; the step is one of all of them, and each has memory for the largest need.
StepWork work_of(const ModelSpec& model, const TrainingSpec& training, Precision precision, const Plan& plan,
                 Fusion level, const std::vector<OptimizerSettings>& members = {});

}  // namespace sinter
