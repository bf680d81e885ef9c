// Timing of a network's steps on data that already are on the device, through the same Stepper and Evaluator that
// training and prediction use.
#pragma once

#include <sinter/models/ensemble.hpp>
#include <sinter/models/spec/measurement.hpp>
#include <sinter/models/trainer.hpp>

namespace sinter {

/// Trains `network` for as long as it takes to time `settings.repetitions` repetitions of steady steps after a first
/// step, a hash of the parameters and one unrecorded repetition; or predicts with it that often. Of `options` it takes
/// the training, the normalisation, the seed and the ranks, of which the slowest counts. Training: the steps of the data order, one epoch after another.
/// Inference: predictions of the first batch of rows, in Real, without normalisation of features. One fence a
/// repetition. Throws what train() throws.
template <Space S, class Real, class In = Real>
Measurement measure(const typename S::Execution& exec, Network<S, Real>& network,
                    const std::type_identity_t<RawSet<S, In>>& train, const TrainOptions<S, Real>& options,
                    const MeasureSettings& settings);

/// Training of rows that stay on the host, as train() has them.
template <Space S, class Real, class In = Real>
Measurement measure_streamed(const typename S::Execution& exec, Network<S, Real>& network,
                             const std::type_identity_t<HostRows<S, In>>& train, const TrainOptions<S, Real>& options,
                             const MeasureSettings& settings);

/// The same of an ensemble: a step is one of all its members. Costs are those of all, the hash is that of the first.
template <Space S, class Real, class In = Real>
Measurement measure(const typename S::Execution& exec, Ensemble<S, Real>& ensemble,
                    const std::type_identity_t<RawSet<S, In>>& train, const TrainOptions<S, Real>& options,
                    const MeasureSettings& settings);

}  // namespace sinter
