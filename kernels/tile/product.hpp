// The product of tiles, the one replaceable piece under every dense kernel:
//   C(m, n) = start(m, n) + sum over k = 0..K-1, in this order, of A(m, k) B(k, n)
// as one chain of fused multiply-adds an element, so that the bits do not depend on tiles, teams, threads or vector
// widths. One form for a processor's thread, one for a device's team.
#pragma once

#include <type_traits>

#include <sinter/kernels/tile/device_product.hpp>
#include <sinter/kernels/tile/host_product.hpp>
#include <sinter/runtime/spaces.hpp>

namespace sinter::tile {

template <Space S, class Real>
struct ProductOf {
  using type = DeviceProduct<Real>;
};
template <Space S, class Real>
requires(S::kernels_on_host) struct ProductOf<S, Real> {
  using type = HostProduct<Real>;
};

/// The product that suits a space.
template <Space S, class Real>
using Product = typename ProductOf<S, Real>::type;

/// The same for a forward kernel of a single layer, which has scratch for longer stages.
template <Space S, class Real>
using ForwardProduct = std::conditional_t<S::kernels_on_host, Product<S, Real>,
                                          DeviceProduct<Real, 256, tiling::device_forward_depth(sizeof(Real))>>;
/// And for a backward one, which has registers for more outputs a thread.
template <class Real>
using BackwardProduct = DeviceProduct<Real, 128>;

}  // namespace sinter::tile
