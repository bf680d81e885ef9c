// Saves a model, loads it and compares, with nothing but sinter::io: no Kokkos is initialised, none is linked.
#include <cstdio>
#include <cstring>

#include <sinter/models/io/model_file.hpp>

int main() {
  sinter::ModelState state;
  state.spec.type = sinter::ModelType::linear_regression;
  state.spec.inputs = 2;
  state.spec.layers = {{1, sinter::Activation::identity, 0.0}};
  const float values[] = {1.5f, -2.25f, 0.125f};
  const auto add = [&](const char* name, std::vector<std::int64_t> shape, const float* from) {
    sinter::NamedArray array{name, sinter::Precision::float32, std::move(shape), {}};
    array.bytes.resize(static_cast<std::size_t>(array.size()) * sizeof(float));
    std::memcpy(array.bytes.data(), from, array.bytes.size());
    state.parameters.push_back(std::move(array));
  };
  add("layer0/W", {2, 1}, values);
  add("layer0/b", {1}, values + 2);

  sinter::save_model(state, "consumer.h5");
  const sinter::ModelState loaded = sinter::load_model("consumer.h5");
  const bool same = loaded.spec == state.spec && parameter_hash(loaded) == parameter_hash(state);
  std::puts(same ? "the same model came back" : "another model came back");
  return same ? 0 : 1;
}
