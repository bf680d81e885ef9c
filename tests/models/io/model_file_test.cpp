// A model file holds everything that is needed to predict, bit for bit, and a bad one is refused with the reason.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sinter/models/io/archive.hpp>
#include <sinter/models/io/model_file.hpp>

#include "patterns.hpp"
#include "support/scratch_folder.hpp"

using namespace sinter;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using test::pattern;

namespace {

ModelState example(Precision precision, std::size_t layers = 3, bool bias = true) {
  return test::pattern_model(precision, layers, bias);
}

auto says(const std::string& text) { return MessageMatches(ContainsSubstring(text)); }

}  // namespace

TEST_CASE("a model comes back bit for bit") {
  const auto precision = GENERATE(Precision::float32, Precision::float64);
  const auto layers = GENERATE(std::size_t{1}, std::size_t{3}, std::size_t{12});  // twelve: layer10 sorts before layer2
  const auto bias = GENERATE(true, false);
  const test::ScratchFolder folder;
  const auto state = example(precision, layers, bias);
  save_model(state, folder / "model.h5");
  const auto back = load_model(folder / "model.h5");
  CHECK(back.spec == state.spec);
  CHECK(back.precision == precision);
  CHECK(back.feature_names == state.feature_names);
  CHECK(back.target_names == state.target_names);
  CHECK(back.normalization.features.kind == Normalize::zscore);
  CHECK(back.normalization.features.shift == state.normalization.features.shift);
  CHECK(back.normalization.features.scale == state.normalization.features.scale);
  CHECK_FALSE(back.normalization.targets.active());
  CHECK(parameter_hash(back) == parameter_hash(state));
  REQUIRE(back.parameters.size() == state.parameters.size());
  for (std::size_t index = 0; index < state.parameters.size(); ++index) {
    CHECK(back.parameters[index].name == state.parameters[index].name);
    CHECK(back.parameters[index].shape == state.parameters[index].shape);
  }
}

TEST_CASE("an ensemble comes back bit for bit, and is its best member for who reads one network") {
  const auto precision = GENERATE(Precision::float32, Precision::float64);
  const test::ScratchFolder folder;
  EnsembleModel saved{{}, {0, 9, 0}, 2};
  for (int member = 0; member < 3; ++member) {
    auto model = example(precision);
    for (auto& array : model.parameters) {
      for (auto& byte : array.bytes) byte ^= static_cast<std::byte>(17 * member);
    }
    model.spec.initializer.type = member == 1 ? Initializer::he_normal : Initializer::uniform;
    saved.members.push_back(model);
  }
  save_ensemble(saved, folder / "model.h5");
  CHECK(test::contents(folder / "model.h5").find("kind: model\nformat: 2\n") < 512);
  const auto back = load_ensemble(folder / "model.h5");
  CHECK(back.best == 2);
  CHECK(back.nonfinite_step == saved.nonfinite_step);
  REQUIRE(back.members.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(parameter_hash(back.members[i]) == parameter_hash(saved.members[i]));
    CHECK(back.members[i].spec == saved.members[i].spec);
    CHECK(back.members[i].parameters[2].name == "layer1/W");
    CHECK(back.members[i].parameters[2].shape == saved.members[i].parameters[2].shape);
    CHECK(back.members[i].feature_names == saved.members[i].feature_names);
    CHECK(back.members[i].normalization.features.scale == saved.members[i].normalization.features.scale);
  }
  CHECK(parameter_hash(load_model(folder / "model.h5")) == parameter_hash(saved.members[2]));

  const auto archive = read_archive(folder / "model.h5", "model", model_format);
  CHECK(archive.get<NamedArray>("ensemble/layer1/W").shape == std::vector<std::int64_t>{3, 4, 4});
  const auto refuses = [&](const std::string& name, const ArchiveValue& value, const std::string& text) {
    auto changed = archive;
    changed.values[name] = value;
    write_archive(changed, folder / "changed.h5");
    CHECK_THROWS_MATCHES(load_ensemble(folder / "changed.h5"), IoError, says(text));
  };
  refuses("ensemble/best", std::int64_t{3}, "changed.h5': 'ensemble/best' is 3 of 3 members");
  refuses("ensemble/best", std::int64_t{1}, "changed.h5': 'ensemble/best' is a member without a finite loss");
  refuses("ensemble/members", std::int64_t{4}, "changed.h5': 'ensemble/initializer' holds 3 texts for 4 members");
  refuses("ensemble/layer1/W", pattern("", precision, {3, 4, 3}), "changed.h5': 'ensemble/layer1/W' is ");
}

TEST_CASE("a file of one network is an ensemble of one, in the format that older versions read") {
  const test::ScratchFolder folder;
  const auto state = example(Precision::float32);
  save_model(state, folder / "model.h5");
  CHECK(test::contents(folder / "model.h5").find("kind: model\nformat: 1\n") < 512);
  const auto back = load_ensemble(folder / "model.h5");
  REQUIRE(back.members.size() == 1);
  CHECK(back.best == 0);
  CHECK(back.nonfinite_step == std::vector<std::int64_t>{0});
  CHECK(parameter_hash(back.members[0]) == parameter_hash(state));
}

TEST_CASE("members that are not of one shape are not saved, and the file that was there stays") {
  const test::ScratchFolder folder;
  test::put(folder / "model.h5", "precious");
  const auto refuses = [&](const EnsembleModel& ensemble, const std::string& text) {
    CHECK_THROWS_MATCHES(save_ensemble(ensemble, folder / "model.h5"), ShapeError, says(text));
  };
  const auto one = example(Precision::float32);
  refuses({{one, example(Precision::float64)}, {0, 0}, 0},
          "ensemble: member 1 has another shape or normalisation than the best");
  refuses({{one, example(Precision::float32, 2)}, {0, 0}, 0},
          "ensemble: member 1 has another shape or normalisation than the best");
  auto other = one;
  other.normalization.features.shift[0] = 7;
  refuses({{other, one}, {0, 0}, 1}, "ensemble: member 0 has another shape or normalisation than the best");
  refuses({{one, one}, {0, 4}, 1}, "ensemble: 2 members, steps of 2, and the best is member 1");
  refuses({{}, {}, 0}, "ensemble: 0 members, steps of 0, and the best is member 0");
  CHECK(test::contents(folder / "model.h5") == "precious");
}

TEST_CASE("a model without names comes back without names") {
  const test::ScratchFolder folder;
  auto state = example(Precision::float32);
  state.feature_names.clear();
  state.target_names.clear();
  save_model(state, folder / "model.h5");
  CHECK(load_model(folder / "model.h5").feature_names.empty());
}

TEST_CASE("a model whose parameters do not fit its spec is not saved, and the file that was there stays") {
  const test::ScratchFolder folder;
  test::put(folder / "model.h5", "precious");
  auto state = example(Precision::float32);
  state.parameters[2] = pattern("layer1/W", Precision::float32, {4, 5});
  CHECK_THROWS_MATCHES(save_model(state, folder / "model.h5"), ShapeError,
                       says("parameter 'layer1/W' should be float32 [4, 4], but is float32 [4, 5]"));
  state.parameters.resize(2);
  CHECK_THROWS_MATCHES(save_model(state, folder / "model.h5"), ShapeError,
                       says("parameter 'layer1/W' should be float32 [4, 4], but is missing"));
  CHECK(test::contents(folder / "model.h5") == "precious");
}

TEST_CASE("a full disk and a missing folder are said, and the file that was there stays") {
  const test::ScratchFolder folder;
  const auto state = example(Precision::float64);
  CHECK_THROWS_MATCHES(save_model(state, "/dev/full"), IoError,
                       says("cannot write '/dev/full': No space left on device"));
  CHECK_THROWS_MATCHES(save_model(state, folder / "none/model.h5"), IoError, says("No such file or directory"));
  CHECK_THROWS_MATCHES(save_model(state, folder.path()), IoError, says("Is a directory"));
}

TEST_CASE("a well-formed archive that is no sound model is refused with the reason") {
  const test::ScratchFolder folder;
  const auto path = folder / "model.h5";
  save_model(example(Precision::float32), path);
  const auto archive = read_archive(path, "model", model_format);
  const auto refuses = [&](const std::string& name, ArchiveValue value, const std::string& text) {
    auto changed = archive;
    changed.values[name] = std::move(value);
    write_archive(changed, path);
    CHECK_THROWS_MATCHES(load_model(path), IoError, says("cannot read '" + path.string() + "': ") && says(text));
  };
  refuses("layer0/activation", std::string("relux"), "'layer0/activation' is 'relux'; known: identity, sigmoid");
  refuses("layer1/W", pattern("", Precision::float32, {4, 3}),
          "'layer1/W' is float32 [4, 3]; the model needs float32 [4, 4]");
  refuses("layer1/b", pattern("", Precision::float64, {4}), "'layer1/b' is float64 [4]; the model needs float32 [4]");
  refuses("normalization/features/shift", pattern("", Precision::float64, {3}), "the model needs float64 [2]");
  refuses("feature_names", std::vector<std::string>{"one"}, "'feature_names' has 1 names; the model has 2 columns");
  refuses("model/inputs", std::int64_t{0}, "0 inputs; a model needs at least one feature");
  refuses("model/layers", std::int64_t{9}, "'layer3/width' is missing");
  refuses("model/layers", std::string("three"), "'model/layers' has an unexpected type");
}
