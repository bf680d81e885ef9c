// A function of one space takes no tensor of another, even where the execution space is the same.
#include <sinter/runtime/tensor.hpp>

using sinter::spaces::Mock;

template <sinter::Space S>
double sum(const typename S::Execution&, const sinter::VectorRef<S, const double>& values);

struct Host : sinter::SpaceOf<Mock::Execution, Kokkos::HostSpace, true, true> {
  static constexpr std::string_view name = "host";
};

double use(const sinter::Vector<Mock, double>& tensor) {
#ifdef SINTER_BREAK
  return sum<Host>(Host::Execution(), tensor);
#else
  return sum<Mock>(Mock::Execution(), tensor);
#endif
}
