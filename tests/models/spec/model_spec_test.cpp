// Model specifications: how many parameters they have, which are refused and with what words; the hash of parameters.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

#include <sinter/models/spec/model_state.hpp>
#include <sinter/runtime/base/errors.hpp>

using namespace sinter;
using Catch::Matchers::Message;

namespace {

ModelSpec mlp() {
  ModelSpec spec;
  spec.inputs = 2;
  spec.layers = {{16, Activation::tanh}, {16, Activation::tanh}, {1, Activation::sigmoid}};
  return spec;
}

void refused(const ModelSpec& spec, const std::string& text) {
  CHECK_THROWS_MATCHES(validate(spec), ConfigError, Message(text));
}

}  // namespace

TEST_CASE("parameters are weights and biases of all layers") {
  ModelSpec spec = mlp();
  CHECK(spec.parameter_count() == (2 * 16 + 16) + (16 * 16 + 16) + (16 + 1));
  CHECK(spec.outputs() == 1);
  CHECK(spec.fan_in(0) == 2);
  CHECK(spec.fan_in(2) == 16);
  spec.bias = false;
  CHECK(spec.parameter_count() == 2 * 16 + 16 * 16 + 16);
}

TEST_CASE("a model that cannot be built is refused with what is wrong in it") {
  CHECK_NOTHROW(validate(mlp()));
  ModelSpec spec = mlp();
  spec.inputs = 0;
  refused(spec, "model: 0 inputs; a model needs at least one feature");
  spec = mlp();
  spec.layers.clear();
  refused(spec, "model: no layers; at least the output layer is needed");
  spec = mlp();
  spec.layers[1].width = -4;
  refused(spec, "model: layer 1 has width -4; allowed: >= 1");
  spec = mlp();
  spec.layers[0].activation = Activation::softmax;
  refused(spec, "model: layer 0 has activation softmax, which only the last layer may have");
  spec = mlp();
  spec.initializer = {Initializer::normal, 0, 0, 0, 0};
  refused(spec, "model: initializer normal with stddev 0; allowed: > 0");
  spec = mlp();
  spec.initializer = {Initializer::uniform, 0, 1, 0.5, 0.5};
  refused(spec, "model: initializer uniform from 0.5 to 0.5; high must be above low");
  spec = mlp();
  spec.type = ModelType::linear_regression;
  refused(spec, "model: linear_regression has no hidden layers, but 3 layers are given");
}

TEST_CASE("the hash of parameters is xxHash64 over their bytes in order") {
  ModelState state;
  CHECK(parameter_hash(state) == 0xef46db3751d8e999);  // of nothing, as published
  const auto bytes = [](std::string_view text) {
    std::vector<std::byte> out;
    for (const char c : text) out.push_back(static_cast<std::byte>(c));
    return out;
  };
  state.parameters = {{"W", Precision::float32, {1}, bytes("a")}, {"b", Precision::float32, {1}, bytes("bc")}};
  CHECK(parameter_hash(state) == 0x44bc2cf5ad770999);  // of "abc"
  std::swap(state.parameters[0], state.parameters[1]);
  CHECK(parameter_hash(state) != 0x44bc2cf5ad770999);
}
