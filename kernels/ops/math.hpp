// Sinter's own elementary functions: exp, expm1, log, log1p, tanh, sigmoid, softplus, sin, cos, normal_distribution.
// Why own ones: libm differs between machines and devices and is not vectorised by gcc; these give the same bits on
// every host instruction set and take whole vectors. NaN goes through (its sign and payload are the machine's),
// infinities and signed zeros are right.
#pragma once

#include <sinter/kernels/ops/math/exponential.hpp>
#include <sinter/kernels/ops/math/logarithm.hpp>
#include <sinter/kernels/ops/math/normal_distribution.hpp>
#include <sinter/kernels/ops/math/trigonometric.hpp>
