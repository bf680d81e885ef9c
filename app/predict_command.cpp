// sinter predict: applies a saved model to features in a file.
#include <algorithm>
#include <charconv>
#include <utility>

#include <nlohmann/json.hpp>

#include <sinter/app/commands.hpp>
#include <sinter/app/module_loader.hpp>
#include <sinter/app/output_folder.hpp>
#include <sinter/app/ranks.hpp>
#include <sinter/app/results.hpp>
#include <sinter/app/run_record.hpp>
#include <sinter/inputs/data/dataset.hpp>
#include <sinter/inputs/data/source.hpp>
#include <sinter/models/io/file_bytes.hpp>
#include <sinter/models/io/model_file.hpp>

namespace sinter::app {
namespace {

/// The data as the command line describes them.
DataSpec data_spec(const PredictOptions& options) {
  DataSpec spec;
  spec.path = std::filesystem::absolute(options.data).string();
  spec.format = options.format;
  spec.delimiter = options.delimiter;
  if (format_of(spec) == nullptr) {
    throw UsageError(
        options.format == "auto"
            ? fmt::format("--data: the extension of '{}' does not tell the format; set --format; allowed: {}",
                          options.data, formats_text())
            : fmt::format("--format: '{}'; allowed: auto, {}", options.format, formats_text()));
  }
  if (spec.delimiter == "\\t") spec.delimiter = "\t";  // as a shell passes it
  if (!spec.delimiter.empty() && !can_delimit(spec.delimiter)) {
    throw UsageError(
        fmt::format("--delimiter: '{}' cannot separate fields; allowed: {}", options.delimiter, allowed_delimiters));
  }
  const auto header = from_name<CsvHeader>(options.header);
  if (!header) throw UsageError(fmt::format("--header: '{}'; allowed: {}", options.header, list_names<CsvHeader>()));
  spec.header = *header;
  for (const auto& feature : options.features) {
    if (feature.empty()) throw UsageError("--features: an empty name; expected columns, A,B,... or indices from 0");
    const bool index = feature.find_first_not_of("0123456789") == feature.npos && feature.size() < 10;
    spec.features.push_back(index ? ColumnRef{"", std::stoll(feature)} : ColumnRef{feature, -1});
  }
  return spec;
}

/// The networks that predict: those of the file, or the one that the command line chooses.
EnsembleModel chosen_of(EnsembleModel model, const std::string& member) {
  if (member == "mean") return model;
  const auto count = model.members.size();
  std::size_t number = model.best;
  if (member != "best") {
    const auto [end, error] = std::from_chars(member.data(), member.data() + member.size(), number);
    if (error != std::errc{} || end != member.data() + member.size() || number >= count) {
      throw UsageError(fmt::format("--member: '{}'; allowed: mean, best, {}", member,
                                   count == 1 ? "0" : fmt::format("0 to {}", count - 1)));
    }
  }
  if (const auto step = model.nonfinite_step[number]; step != 0)
    throw UsageError(fmt::format("--member: the loss of member {} was not finite at step {}", number, step));
  return {{std::move(model.members[number])}, {0}, 0};
}

}  // namespace

int predict(const PredictOptions& options, Console& console) {
  if (join_ranks(console).rank() != 0) return 0;  // the first does it all; others wait for it where ranks leave
  if (options.output == "-" && console.wants_result())
    throw UsageError("predict --json needs --output FILE: both would go to standard output");
  const auto all = load_ensemble(options.model);
  const auto members = all.members.size();
  const auto lost = static_cast<std::size_t>(
      std::ranges::count_if(all.nonfinite_step, [](auto step) { return step != 0; }));
  const auto chosen = chosen_of(all, options.member);
  const auto& model = chosen.members[chosen.best];
  const auto set = load_features(data_spec(options), model.feature_names, model.spec.inputs);
  const DeviceSpec device{options.space, options.threads, model.precision, false};
  const auto machine = this_machine();
  const auto choice = choose_module(device, read_modules(module_folders(), machine), machine);
  const auto backend = open_backend(choice, device);
  backend::DeviceInfo info;
  check(backend->device_info(info));
  std::vector<double> predictions, spread;
  predict(*backend, chosen, {set.features.data(), set.rows, model.spec.inputs}, predictions, spread);

  std::vector<std::string> fields;
  const auto outputs = static_cast<std::size_t>(model.spec.outputs());
  const auto name = [&](const char* what) {
    for (std::size_t output = 0; output < outputs; ++output) {
      fields.push_back(model.target_names.empty() ? fmt::format("{}y{}", what, output)
                                                  : fmt::format("{}{}", what, model.target_names[output]));
    }
  };
  name("predicted_");
  if (!spread.empty()) name("spread_");
  auto text = csv_line(fields);
  for (std::size_t row = 0; row * outputs < predictions.size(); ++row) {
    fields.clear();
    for (const auto* values : {&predictions, &spread}) {
      for (std::size_t output = 0; !values->empty() && output < outputs; ++output)
        fields.push_back(exact_number((*values)[row * outputs + output]));
    }
    text += csv_line(fields);
  }
  if (options.output == "-") {
    console.write(text);
  } else {
    write_file(options.output, text);
    console.say("{} predictions of {} by {} ({}, {}) in {}", set.rows, options.data, options.model, info.space,
                to_name(model.precision), options.output);
  }
  Json record{{"status", "completed"},
              {"model", options.model},
              {"data", options.data},
              {"rows", set.rows},
              {"output", options.output},
              {"device", info.space},
              {"precision", to_name(model.precision)},
              {"parameters",
               {{"count", model.spec.parameter_count()}, {"xxh64", fmt::format("{:016x}", parameter_hash(model))}}}};
  if (members > 1)
    record["ensemble"] = {{"members", members}, {"lost", lost}, {"best", all.best}, {"member", options.member}};
  console.result(record_text(record));
  return 0;
}

}  // namespace sinter::app
