// Many networks of one shape on a device, in one vector of parameters: trained by one launch from report to report, a
// team a network, and evaluated by one launch for all.
#pragma once

#include <type_traits>
#include <vector>

#include <sinter/kernels/fused/tile_shape.hpp>
#include <sinter/models/evaluator.hpp>
#include <sinter/models/network.hpp>
#include <sinter/models/spec/ensemble_spec.hpp>
#include <sinter/models/trainer.hpp>

namespace sinter {

template <Space S, class Real>
class Ensemble {
 public:
  using Execution = typename S::Execution;

  /// Weights drawn by each member's initialiser from its seed, biases zero. 1 allocation for all parameters and one for
  /// the table of layers, with 1 copy (none on host spaces) and 1 fence; 1 launch a member and layer; throws ConfigError.
  Ensemble(const Execution& exec, const ModelSpec& spec, const std::vector<MemberSpec>& members);

  /// The networks of saved models of one shape and normalisation, to predict with: members without seeds and settings.
  /// Besides what is told above a copy (none on host spaces) and a fence a member; throws DataError, too.
  Ensemble(const Execution& exec, const std::vector<ModelState>& models);

  [[nodiscard]] std::size_t size() const { return networks_.size(); }
  [[nodiscard]] const MemberSpec& member(std::size_t i) const { return members_[i]; }
  [[nodiscard]] const std::vector<MemberSpec>& members() const { return members_; }
  [[nodiscard]] const Network<S, Real>& network(std::size_t i) const { return networks_[i]; }
  /// [members, parameters of a network], on the device.
  [[nodiscard]] const Vector<S, Real>& parameters() const { return parameters_; }

  /// The same normalisation for all members. A copy a member.
  void set_normalization(const Execution& exec, const Normalization& normalization);

  /// Y = the members' outputs for X, in physical units. X [rows, inputs], Y [members x rows, outputs], member by member.
  /// Asynchronous; 1 launch, 0 fences, 0 copies, 0 allocations. Throws ShapeError.
  template <class In = Real, class Out = In>
  void predict(const Execution& exec, const std::type_identity_t<MatrixRef<S, const In>>& X,
               const std::type_identity_t<MatrixRef<S, Out>>& Y) const;

 private:
  std::vector<MemberSpec> members_;
  Vector<S, Real> parameters_;
  std::vector<Network<S, Real>> networks_;
  Vector<S, fused::TileLayer> layers_;  ///< of one of them, for predict()
};

/// What is known after the training of an ensemble.
struct EnsembleReport : TrainReport {  ///< train, validation and test are those of the best member
  std::vector<MemberReport> members;
  std::size_t best = 0;  ///< with the lowest loss of validation, else of training
};

/// Trains all members on the same data, each with its own seed, optimizer settings and data order. One launch from pause
/// to pause: reports, validations, checkpoints, options.stop_after_steps, and about every second, when a request to stop is
/// heard. The learning rate of a report is the first member's, its losses are means over the members. A member whose loss
/// is not finite is told by a warning and left as it is; NumericError where none is left. A training that goes on from a
/// state ends with the bits of one that was never interrupted. Several ranks have the whole data each and train a part of
/// the members each; all get the whole ensemble and report, and a state may be gone on from by another number of them.
/// Throws as train() does, and ConfigError for what an ensemble cannot have (a hook, early stopping, a level but `epochs`,
/// streamed rows, more ranks than members).
template <Space S, class Real, class In = Real>
EnsembleReport train(const typename S::Execution& exec, Ensemble<S, Real>& ensemble,
                     const std::type_identity_t<RawSet<S, In>>& train,
                     const std::type_identity_t<RawSet<S, In>>& validation,
                     const std::type_identity_t<RawSet<S, In>>& test, const TrainOptions<S, Real>& options);

}  // namespace sinter
