// docs/run-file.md: prose around the tables that the schema gives.
#include <sinter/inputs/run_file.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <sinter/inputs/schema.hpp>

namespace sinter {
namespace {

constexpr std::string_view introduction = R"(# Run files

A run file is one YAML document that says all about a run. `sinter train FILE` reads it, `--set key=value` changes
single values, and the results folder gets `effective.yaml`: every key that has an effect, with the value that it had.
That is a run file itself; reading it again repeats the run. The plan stands in its comments.

*This page is generated from the reader's schema (`cmake --build <build> --target update_docs`); a test holds both
together.*

```yaml
run:      {name: houses, seed: 1, output: runs/houses}
device:   {space: openmp, threads: 0, precision: float32}
data:     {path: houses.csv, features: [age, distance], targets: [price], validation_fraction: 0.1,
           normalize: {features: zscore, targets: none}}
model:    {type: mlp, hidden: [16, 16], activation: tanh, output_activation: identity, bias: true,
           initializer: xavier_normal}
training: {loss: mse, optimizer: {type: adam, learning_rate: 0.01}, schedule: {type: cosine, min_learning_rate: 1.0e-6},
           epochs: 2000, batch: 32, shuffle: true, fusion: auto}
checkpoint: {every_minutes: 10, resume: auto}
budget:   {fences: 0, copies: 0, allocations: 0}
```

## Rules
- **Nothing is guessed.** A key that is unknown, repeated, of a wrong type, out of range, or without effect where it
  stands is an error that names file, line, column and key, what is allowed, and the nearest known name. `device.space`,
  `model.type` and the data have no default: they are choices.
- **Maps and names.** `loss`, `optimizer`, `schedule` and `initializer` are maps with a `type`; a bare name stands for
  the map: `optimizer: adam` is `optimizer: {type: adam}`.
- **Numbers** are finite and plain: `500`, `0.01`, `1e-6`. Truth values are `true` and `false`. A text in quotes is
  never a number.
- **Not used:** anchors, aliases, tags, further documents in the same file. A run file is UTF-8 and at most 128 KiB.
- **Relative data paths** are relative to the run file's folder; `run.output` is relative to the working directory.
- **Normalisation** is a visible choice, `none` by default. It is fitted on the training set alone and undone in
  predictions.
- **Outputs.** The width of the output layer is the number of targets (of classes, with `data.one_hot`), and the inputs
  are the features; where a file states either, it must agree with the data.

## Overrides
`--set key=value` takes a dotted key and any YAML value: `--set training.epochs=500`, `--set model.hidden=[8,8]`,
`--set 'training.optimizer={type: sgd, learning_rate: 0.1}'`. A map that is set replaces the whole map; a single key
changes just that. The last of several for one key counts. Lists are set as a whole. Data paths given so are relative to
the working directory. An override that names data of another kind replaces the map: `--set 'data={generator: uat}'`.
)";

std::string cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.replace(at, 1, "\\|");
  return text;
}

std::string default_of(const inputs::detail::Key& key) {
  if (key.required) return "**required**";
  if (!key.default_text.empty()) return key.default_text;
  const auto value = key.write(RunFile{});
  return value.empty() ? "none" : "`" + value + "`";
}

/// "Where to compute. Allowed: auto, cuda, ...; only with ...".
std::string meaning_of(const inputs::detail::Key& key) {
  auto text = key.description;
  if (!key.allowed.empty()) text += fmt::format(" Allowed: {}.", key.allowed);
  if (!key.only_with.empty()) text += fmt::format(" Only with: {}.", key.only_with);
  return cell(text);
}

}  // namespace

std::string run_file_reference() {
  std::string text(introduction);
  std::string section;
  for (const auto& key : inputs::detail::schema()) {
    const auto top = key.path.substr(0, key.path.find('.'));
    if (top != section) {
      section = top;
      text += fmt::format("\n## `{}`\n| key | type | default | meaning |\n|---|---|---|---|\n", top);
    }
    text += fmt::format("| `{}` | {} | {} | {} |\n", key.path, key.type, cell(default_of(key)), meaning_of(key));
  }
  return text;
}

}  // namespace sinter
