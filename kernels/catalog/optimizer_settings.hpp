// The numbers of an optimizer's settings by name: where each may lie, what it means, and which optimizers have it. Run
// files, checks, ensembles and their tables go over this one list.
#pragma once

#include <cmath>
#include <cstdint>
#include <iterator>
#include <string_view>

#include <sinter/kernels/catalog/ops.hpp>

namespace sinter {

enum class OptimizerSetting : std::uint8_t {
#define SINTER_OPTIMIZER_SETTING(name, ...) name,
#include <sinter/kernels/catalog/optimizer_settings.def>
#undef SINTER_OPTIMIZER_SETTING
};

struct OptimizerSettingFacts {
  OptimizerSetting setting;
  std::string_view name;
  double OptimizerSettings::*value;
  bool of_all;               ///< optimizers
  std::string_view allowed;  ///< in words
  bool (*good)(double v);
  std::string_view meaning;
};

inline constexpr OptimizerSettingFacts optimizer_settings[] = {
#define SINTER_OPTIMIZER_SETTING(name, of_all, allowed, good, meaning) \
  {OptimizerSetting::name, #name, &OptimizerSettings::name, of_all, allowed, [](double v) { return good; }, meaning},
#include <sinter/kernels/catalog/optimizer_settings.def>
#undef SINTER_OPTIMIZER_SETTING
};
static_assert(sizeof(OptimizerSettings) == (1 + std::size(optimizer_settings)) * sizeof(double),
              "a number of OptimizerSettings is not in optimizer_settings.def");

/// Whether a setting makes a difference to an optimizer.
constexpr bool has_setting(Optimizer kind, const OptimizerSettingFacts& facts) {
  using enum OptimizerSetting;
  const auto one_of = [&](auto... own) { return ((facts.setting == own) || ...); };
  switch (kind) {
#define SINTER_OPTIMIZER(name, Type, states, flops, ...) \
  case Optimizer::name:                                  \
    return facts.of_all || one_of(__VA_ARGS__);
#include <sinter/kernels/catalog/optimizers.def>
#undef SINTER_OPTIMIZER
  }
  return false;  // not reached
}

}  // namespace sinter
