// The keys of ensembles: one value a member, or a range over them.
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/inputs/run_file.hpp>

#include "support.hpp"

using namespace sinter;
using Catch::Approx;
using sinter::test::error_text;

namespace {

RunFile with(const std::vector<std::string>& overrides) {
  return parse_run_file(
      "{device: {space: auto}, data: {path: d.csv, targets: [y]}, model: {type: mlp, hidden: [3]}, "
      "training: {optimizer: adam, batch: 8}}",
      "run.yaml", "/", overrides);
}

std::string complaint(const std::vector<std::string>& overrides) {
  return error_text<ConfigError>([&] { with(overrides); });
}

}  // namespace

TEST_CASE("members have values of their own, and the effective run file is read as the same ensemble") {
  const auto run = with(
      {"ensemble={members: 3, learning_rate: 'log(1e-3, 1e-1)', weight_decay: 'linear(0, 1)', "
       "seed: [5, 7, 5], initializer: [zeros, he_normal, normal]}"});
  CHECK(run.ensemble.members == 3);
  REQUIRE(run.ensemble.learning_rate.size() == 3);
  CHECK(run.ensemble.learning_rate[0] == 1e-3);
  CHECK(run.ensemble.learning_rate[1] == Approx(1e-2));
  CHECK(run.ensemble.learning_rate[2] == Approx(1e-1));
  CHECK(run.ensemble.weight_decay == std::vector<double>{0, 0.5, 1});
  CHECK(run.ensemble.seed == std::vector<std::uint64_t>{5, 7, 5});
  CHECK(run.ensemble.initializer ==
        std::vector<Initializer>{Initializer::zeros, Initializer::he_normal, Initializer::normal});
  CHECK(parse_run_file(effective_yaml(run, Plan{}), "run.yaml", "/").ensemble == run.ensemble);
  CHECK(with({}).ensemble == EnsembleSpec{});
  CHECK(with({"ensemble={members: 1, beta1: 'linear(0.5, 0.9)'}"}).ensemble.beta1 == std::vector<double>{0.5});
}

TEST_CASE("what does not fit the members is refused with its place and what is allowed") {
  const std::string numbers = "a list of one number a member, linear(a, b), or log(a, b) with a, b > 0";
  CHECK(complaint({"ensemble.members=2", "ensemble.momentum=[0.1]"}) ==
        "--set ensemble.momentum=[0.1]: 1 values for 2 members; allowed: one a member");
  CHECK(complaint({"ensemble.members=2", "ensemble.beta2=geometric(1, 2)"}) ==
        "--set ensemble.beta2=geometric(1, 2): expected " + numbers + ", found 'geometric(1, 2)'");
  CHECK(complaint({"ensemble.members=2", "ensemble.learning_rate=log(0, 1)"}) ==
        "--set ensemble.learning_rate=log(0, 1): 0 is out of range; allowed: " + numbers);
  CHECK(complaint({"ensemble.seed=[1]"}) == "--set ensemble.seed=[1]: has no effect here; it belongs to: members >= 1");
  CHECK(complaint({"ensemble.members=2", "ensemble.weight_decay=[0, -1]"}) ==
        "--set ensemble.members=2: ensemble: member 1: training.optimizer.weight_decay: -1 is out of range; allowed: "
        ">= 0");
  CHECK(complaint({"ensemble.members=2", "training.fusion=step"}) ==
        "--set training.fusion=step: step cannot train an ensemble, whose members have a team each; allowed: auto, "
        "epochs");
  CHECK(with({"ensemble.members=2", "checkpoint={every_steps: 5, resume: auto}"}).checkpoint.every_steps == 5);
}
