// Models of how the time of a step follows the number of workers, fitted to measured points by least squares of relative
// errors with coefficients >= 0.
//   Amdahl (1967), strong:      T(p) = T_s + T_p / p
//   alpha-beta, strong:         T(p) = T_p / p + 2 ceil(log2 p) alpha + 2 (p - 1) / p  M beta
//   alpha-beta, weak:           T(p) = T_p     + 2 ceil(log2 p) alpha + 2 (p - 1) / p  M beta
// The latter's communication is that of a reduce-scatter and an allgather of M bytes (Thakur, Rabenseifner & Gropp,
// Optimization of collective communication operations in MPICH, 2005), M the size of the gradient.
#pragma once

#include <string>
#include <vector>

namespace sinter::app {

struct ScalingPoint {
  double workers = 1;
  double seconds = 0;
};

struct ScalingModel {
  std::string name;     ///< "amdahl", "alpha_beta"
  std::string formula;  ///< with the coefficients' names
  struct Coefficient {
    std::string name, unit;
    double value = 0;
  };
  std::vector<Coefficient> coefficients;
  std::vector<double> residuals;  ///< (T_model - T) / T of each point, in the order given
  double rms = 0;                 ///< of the residuals
  std::string problem;            ///< why there is no fit; then all but the name is empty
  bool weak = false;
  double bytes = 0;  ///< M

  [[nodiscard]] bool fitted() const { return problem.empty(); }
  [[nodiscard]] double seconds(double workers) const;
};

/// Needs points of three different numbers of workers, so that a residual says something.
ScalingModel fit_amdahl(const std::vector<ScalingPoint>& points);

/// Needs four different numbers of workers; `bytes` is M > 0.
ScalingModel fit_alpha_beta(const std::vector<ScalingPoint>& points, double bytes, bool weak);

}  // namespace sinter::app
