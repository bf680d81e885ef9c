// The keys of ensembles: one value a member, or a range over them.
#include <fmt/format.h>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/inputs/run_file.hpp>

#include "support.hpp"

using namespace sinter;
using Catch::Approx;
using sinter::test::error_text;

namespace {

ModelSpec fitted(ModelSpec model) {
  model.inputs = 1;
  model.layers.back().width = 1;
  return model;
}

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

TEST_CASE("every number of the optimizer's settings may be a list or a range, and comes back") {
  for (std::size_t i = 0; i < std::size(optimizer_settings); ++i) {
    const auto& setting = optimizer_settings[i];
    INFO(setting.name);
    std::string optimizers;  // of three members, one of which has the setting
    for (const auto& [optimizer, name] : names_of<Optimizer>()) {
      if (has_setting(optimizer, setting)) optimizers = fmt::format("[sgd, {}, sgd]", name);
    }
    const auto list = [&](const std::string& text) {
      const auto run = with(
          {"ensemble={members: 3, optimizer: " + optimizers + "}", fmt::format("ensemble.{}={}", setting.name, text)});
      CHECK(parse_run_file(effective_yaml(run, Plan{}), "run.yaml", "/").ensemble == run.ensemble);
      for (std::size_t other = 0; other < std::size(setting_lists); ++other)
        CHECK((run.ensemble.*setting_lists[other]).empty() == (other != i));
      return run.ensemble.*setting_lists[i];
    };
    CHECK(list("[0.25, 0.5, 0.125]") == std::vector<double>{0.25, 0.5, 0.125});
    CHECK(list("linear(0.25, 0.75)") == std::vector<double>{0.25, 0.5, 0.75});
    CHECK(list("linear(0.25 , 0.75 )") == std::vector<double>{0.25, 0.5, 0.75});
    const auto ratios = list("log(1e-4, 1e-2)");
    CHECK(ratios[0] == 1e-4);
    CHECK(ratios[1] == Approx(1e-3));
    CHECK(ratios[2] == Approx(1e-2));

    const auto refusal = [&](const std::string& text) {
      const auto set = fmt::format("ensemble.{}={}", setting.name, text);
      const auto said = complaint({"ensemble={members: 3, optimizer: " + optimizers + "}", set});
      const auto begin = "--set " + set + ": ";
      REQUIRE(said.starts_with(begin));
      return said.substr(begin.size());
    };
    CHECK(refusal("[0.5, 0.5]") == "2 values for 3 members; allowed: one a member");
    CHECK(refusal("[0.5, 0.5, -1]") == fmt::format("-1 of member 2 is out of range; allowed: {}", setting.allowed));
    CHECK(refusal("linear(0.5, -0.25)") ==
          fmt::format("-0.25 of member 2 is out of range; allowed: {}", setting.allowed));
    CHECK(refusal("0.5") ==
          "expected a list of one number a member, linear(a, b), or log(a, b) with a, b > 0, found '0.5'");
    CHECK(refusal("[0.5, much, 0.5]") == fmt::format("ensemble.{}[1]: 'much' is not a number", setting.name));
  }
}

TEST_CASE("members have optimizers of their own, whose settings have an effect where one of them has these") {
  const auto run = with({"ensemble={members: 3, optimizer: [sgd, rmsprop, momentum], rho: [0.5, 0.6, 0.7]}",
                         "training.optimizer.momentum=0.8", "training.optimizer.epsilon=1e-6"});
  CHECK(run.ensemble.optimizer == std::vector<Optimizer>{Optimizer::sgd, Optimizer::rmsprop, Optimizer::momentum});
  CHECK(run.training.optimizer.momentum == 0.8);
  const auto effective = effective_yaml(run, Plan{});
  CHECK(effective.find("  optimizer: [sgd, rmsprop, momentum]\n") != std::string::npos);
  CHECK(effective.find("    momentum: 0.8\n") != std::string::npos);
  CHECK(effective.find("beta1") == std::string::npos);
  CHECK(effective.find("  optimizer:\n    type") == std::string::npos);  // no member has the one of the training
  CHECK(effective.find("    rho: ") == std::string::npos);
  CHECK(effective.find("    learning_rate: ") != std::string::npos);
  const auto members = members_of(run.ensemble, 1, fitted(run.model), run.training);
  CHECK(members[1].optimizer.type == Optimizer::rmsprop);
  CHECK(members[1].optimizer.rho == 0.6);
  CHECK(members[2].optimizer.momentum == 0.8);

  const std::vector<std::string> own{"ensemble={members: 2, learning_rate: [0.1, 0.2]}"};
  CHECK(differences(with(own), with({own[0], "training.optimizer.learning_rate=0.5"})).empty());

  const std::string no_effect = ": has no effect here; it belongs to: ";
  CHECK(complaint({"ensemble={members: 2, rho: [0.5, 0.6]}"}) ==
        "--set ensemble={members: 2, rho: [0.5, 0.6]}: ensemble.rho" + no_effect +
            "members >= 1 and optimizer rmsprop");
  CHECK(complaint({"ensemble={members: 2, optimizer: [sgd, momentum]}", "ensemble.beta1=[0.5, 0.6]"}) ==
        "--set ensemble.beta1=[0.5, 0.6]" + no_effect + "members >= 1 and optimizer adam, adamw");
  CHECK(complaint({"ensemble={members: 2, optimizer: [sgd, adam]}", "training.optimizer.momentum=0.5"}) ==
        "--set training.optimizer.momentum=0.5" + no_effect + "optimizer momentum, nesterov");
  CHECK(complaint({"ensemble={members: 2, optimizer: [sgd, momentum]}", "training.optimizer.epsilon=0.1"}) ==
        "--set training.optimizer.epsilon=0.1" + no_effect + "optimizer adagrad, rmsprop, adam, adamw");

  const std::string names = "sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw";
  CHECK(complaint({"ensemble.members=2", "ensemble.optimizer=adam"}) ==
        "--set ensemble.optimizer=adam: expected a list of one name a member, each of " + names + ", found 'adam'");
  CHECK(complaint({"ensemble.members=2", "ensemble.optimizer=[adam]"}) ==
        "--set ensemble.optimizer=[adam]: 1 values for 2 members; allowed: one a member");
  CHECK(complaint({"ensemble.members=2", "ensemble.optimizer=[adam, adma]"}) ==
        "--set ensemble.optimizer=[adam, adma]: ensemble.optimizer[1]: unknown name 'adma'; allowed: " + names +
            "; did you mean 'adam'?");
  CHECK(complaint({"ensemble.optimizer=[adam]"}) == "--set ensemble.optimizer=[adam]" + no_effect + "members >= 1");
}

TEST_CASE("what does not fit the members is refused with its place and what is allowed") {
  const std::string numbers = "a list of one number a member, linear(a, b), or log(a, b) with a, b > 0";
  CHECK(complaint({"ensemble.members=2", "ensemble.beta1=[0.1]"}) ==
        "--set ensemble.beta1=[0.1]: 1 values for 2 members; allowed: one a member");
  CHECK(complaint({"ensemble.members=2", "ensemble.beta2=geometric(1, 2)"}) ==
        "--set ensemble.beta2=geometric(1, 2): expected " + numbers + ", found 'geometric(1, 2)'");
  CHECK(complaint({"ensemble.members=2", "ensemble.learning_rate=log(0, 1)"}) ==
        "--set ensemble.learning_rate=log(0, 1): 0 is out of range; allowed: " + numbers);
  CHECK(complaint({"ensemble.seed=[1]"}) == "--set ensemble.seed=[1]: has no effect here; it belongs to: members >= 1");
  CHECK(complaint({"ensemble.members=2", "ensemble.weight_decay=[0, -1]"}) ==
        "--set ensemble.weight_decay=[0, -1]: -1 of member 1 is out of range; allowed: >= 0");
  CHECK(complaint({"ensemble.members=2", "training.fusion=step"}) ==
        "--set training.fusion=step: step cannot train an ensemble, whose members have a team each; allowed: auto, "
        "epochs");
  CHECK(with({"ensemble.members=2", "checkpoint={every_steps: 5, resume: auto}"}).checkpoint.every_steps == 5);
}
