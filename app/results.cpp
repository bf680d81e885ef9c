#include <sinter/app/results.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#include <sinter/app/module_loader.hpp>

namespace sinter::app {
namespace {

constexpr std::int64_t map_points = 101;     // along each axis of the decision map
constexpr std::int64_t shown_points = 2000;  // of each set on it: more would only be a smear

std::span<const double> row_of(const std::vector<double>& matrix, std::int64_t row, std::size_t columns) {
  return {matrix.data() + static_cast<std::size_t>(row) * columns, columns};
}

/// The class that a row of outputs or targets stands for: one output is a probability, several are one-hot.
std::int64_t class_of(std::span<const double> row) {
  if (row.size() == 1) return row[0] >= 0.5 ? 1 : 0;
  return std::ranges::max_element(row) - row.begin();
}

std::string joined(std::span<const double> row) {
  std::vector<std::string> texts;
  for (const double value : row) texts.push_back(short_number(value));
  return fmt::format("{}", fmt::join(texts, "  "));
}

std::string loss_text(const std::optional<SetReport>& report) {
  return report ? exact_number(report->metrics.front().second) : "";
}

PredictedSet set_to_predict(const Dataset& data) {
  if (!data.test.empty()) return {"test", &data.test, {}, {}};
  if (!data.validation.empty()) return {"validation", &data.validation, {}, {}};
  return {"train", &data.train, {}, {}};
}

}  // namespace

std::string metrics_csv(const std::vector<Progress>& log) {
  std::string text = csv_line({"epoch", "step", "running_loss", "validation_loss", "learning_rate", "elapsed_s"});
  for (const auto& row : log) {
    text += csv_line({fmt::to_string(row.epoch), fmt::to_string(row.step), exact_number(row.running_loss),
                      row.validation_loss ? exact_number(*row.validation_loss) : "", exact_number(row.learning_rate),
                      fmt::format("{:.6f}", row.elapsed_s)});
  }
  return text;
}

std::string kernels_csv(const std::vector<LedgerRow>& ledger) {
  std::string text = csv_line({"kind", "label", "count", "bytes"});
  for (const auto& row : ledger)
    text += csv_line({row.kind, row.label, fmt::to_string(row.count), fmt::to_string(row.bytes)});
  return text;
}

std::string metrics_table(const backend::TrainResult& result) {
  std::vector<std::vector<std::string>> rows{{""}};
  const auto add = [&](const char* name, const std::optional<SetReport>& report) {
    if (!report) return;
    rows.front().emplace_back(name);
    for (const auto& [metric, value] : report->metrics) {
      auto row = std::ranges::find_if(rows, [&](const auto& cells) { return cells.front() == metric; });
      if (row == rows.end()) row = rows.insert(rows.end(), {metric});
      row->resize(rows.front().size() - 1);  // a metric that earlier sets lack
      row->push_back(short_number(value));
    }
  };
  add("train", result.train);
  add("validation", result.validation);
  add("test", result.test);
  return table(rows);
}

PredictedSet predict_set(backend::Backend& backend, const EnsembleModel& model, const Dataset& data) {
  auto result = set_to_predict(data);
  predict(backend, model, data.view(*result.set).features, result.predictions, result.spread);
  return result;
}

void predict(backend::Backend& backend, const EnsembleModel& model, const backend::HostMatrix& features,
             std::vector<double>& mean, std::vector<double>& spread) {
  mean.clear();
  spread.clear();
  if (model.members.size() == 1) {
    check(backend.predict(model.members.front(), features, mean));
    return;
  }
  std::vector<double> outputs;
  double count = 0;
  for (std::size_t m = 0; m < model.members.size(); ++m) {  // Welford's recurrence, member by member
    if (model.nonfinite_step[m] != 0) continue;
    check(backend.predict(model.members[m], features, outputs));
    mean.resize(outputs.size());
    spread.resize(outputs.size());
    ++count;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const double off = outputs[i] - mean[i];
      mean[i] += off / count;
      spread[i] += off * (outputs[i] - mean[i]);
    }
  }
  for (auto& value : spread) value = count > 1 ? std::sqrt(value / (count - 1)) : 0;
}

EnsembleModel model_of(const backend::TrainResult& result) {
  if (result.members.empty()) return {{result.model}, {0}, 0};
  EnsembleModel model{{}, {}, result.best};
  for (const auto& member : result.members) {
    model.members.push_back(member.model);
    model.nonfinite_step.push_back(member.nonfinite_step);
  }
  return model;
}

std::string ensemble_csv(const backend::TrainResult& result) {
  std::vector<std::string> fields{"member", "seed", "initializer", "optimizer"};
  for (const auto& setting : optimizer_settings) fields.emplace_back(setting.name);
  for (const auto* name : {"train_loss", "validation_loss", "test_loss", "nonfinite_step", "best"})
    fields.emplace_back(name);
  std::string text = csv_line(fields);
  for (std::size_t i = 0; i < result.members.size(); ++i) {
    const auto& report = result.members[i];
    const auto& optimizer = report.member.optimizer;
    fields = {fmt::to_string(i), fmt::to_string(report.member.seed),
              std::string(to_name(report.member.initializer.type)), std::string(to_name(optimizer.type))};
    for (const auto& setting : optimizer_settings)
      fields.push_back(has_setting(optimizer.type, setting) ? exact_number(optimizer.*setting.value) : "");
    fields.insert(fields.end(), {loss_text(report.train), loss_text(report.validation), loss_text(report.test),
                                 report.nonfinite_step == 0 ? "" : fmt::to_string(report.nonfinite_step),
                                 i == result.best ? "1" : "0"});
    text += csv_line(fields);
  }
  return text;
}

std::string ensemble_table(const backend::TrainResult& result) {
  constexpr std::size_t most = 10;
  const auto& members = result.members;
  std::vector<std::size_t> order(members.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return members[a].ranked_by() < members[b].ranked_by(); });
  const std::size_t shown = std::min(most, order.size());
  std::vector<std::vector<std::string>> rows(1 + shown);
  const auto add = [&](std::string_view name, const auto& text_of) {
    rows.front().emplace_back(name);
    for (std::size_t rank = 0; rank < shown; ++rank) rows[1 + rank].push_back(text_of(members[order[rank]]));
  };
  const auto differ = [&](const auto& value_of) {
    return std::ranges::any_of(members, [&](const auto& one) { return value_of(one) != value_of(members.front()); });
  };
  rows.front().emplace_back("member");
  for (std::size_t rank = 0; rank < shown; ++rank) rows[1 + rank].push_back(fmt::to_string(order[rank]));
  add("seed", [](const MemberReport& report) { return fmt::to_string(report.member.seed); });
  const auto initializer = [](const MemberReport& report) {
    return std::string(to_name(report.member.initializer.type));
  };
  if (differ(initializer)) add("initializer", initializer);
  const auto optimizer = [](const MemberReport& report) { return std::string(to_name(report.member.optimizer.type)); };
  if (differ(optimizer)) add("optimizer", optimizer);
  for (const auto& setting : optimizer_settings) {
    const auto value = [&](const MemberReport& report) { return report.member.optimizer.*setting.value; };
    if (!differ(value)) continue;
    add(setting.name, [&](const MemberReport& report) {
      return has_setting(report.member.optimizer.type, setting) ? short_number(value(report)) : "-";
    });
  }
  const auto add_loss = [&](std::string_view name, std::optional<SetReport> MemberReport::*set) {
    add(name, [set](const MemberReport& report) {
      return report.*set ? short_number((report.*set)->metrics.front().second) : std::string("-");
    });
  };
  add_loss("train", &MemberReport::train);
  if (result.validation) add_loss("validation", &MemberReport::validation);
  if (result.test) add_loss("test", &MemberReport::test);
  return table(rows) +
         (order.size() > most ? fmt::format("\n  ... and {} more, all in ensemble.csv", order.size() - most) : "");
}

std::string predictions_csv(const PredictedSet& set, const Dataset& data) {
  std::vector<std::string> fields = data.feature_names;
  for (const auto& name : data.target_names) fields.push_back("actual_" + name);
  for (const auto& name : data.target_names) fields.push_back("predicted_" + name);
  if (!set.spread.empty()) {
    for (const auto& name : data.target_names) fields.push_back("spread_" + name);
  }
  auto text = csv_line(fields);
  for (std::int64_t row = 0; row < set.set->rows; ++row) {
    fields.clear();
    for (const double value : row_of(set.set->features, row, data.feature_names.size()))
      fields.push_back(exact_number(value));
    for (const double value : row_of(set.set->targets, row, data.target_names.size()))
      fields.push_back(exact_number(value));
    for (const double value : row_of(set.predictions, row, data.target_names.size()))
      fields.push_back(exact_number(value));
    if (!set.spread.empty()) {
      for (const double value : row_of(set.spread, row, data.target_names.size()))
        fields.push_back(exact_number(value));
    }
    text += csv_line(fields);
  }
  return text;
}

std::string predictions_table(const PredictedSet& set, const Dataset& data, std::int64_t classes) {
  std::vector<std::vector<std::string>> rows{{set.name, "Predicted", "Actual"}};
  if (classes > 0) rows.front().emplace_back("✓");
  std::int64_t right = 0;
  for (std::int64_t row = 0; row < set.set->rows; ++row) {
    const auto predicted = row_of(set.predictions, row, data.target_names.size());
    const auto actual = row_of(set.set->targets, row, data.target_names.size());
    rows.push_back({fmt::to_string(row + 1), joined(predicted), joined(actual)});
    if (classes > 0) {
      const bool same = class_of(predicted) == class_of(actual);
      right += same ? 1 : 0;
      rows.back().emplace_back(same ? "✓" : "✗");
    }
  }
  auto text = table(rows);
  if (classes > 0) text += fmt::format("\n  {} of {} right", right, set.set->rows);
  return text;
}

void write_decision_map(backend::Backend& backend, const ModelState& model, const Dataset& data, OutputFolder& folder) {
  if (data.feature_names.size() != 2 || data.target_names.size() != 1) return;
  struct Axis {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    [[nodiscard]] double at(std::int64_t point) const {
      const double margin = high > low ? 0.08 * (high - low) : 0.5;
      return low - margin + (high - low + 2 * margin) * static_cast<double>(point) / (map_points - 1);
    }
  };
  std::array<Axis, 2> axes;
  auto points = csv_line({data.feature_names[0], data.feature_names[1], "actual_" + data.target_names[0], "set"});
  const auto add_points = [&](const char* name, const SampleSet& set) {
    for (std::int64_t row = 0; row < set.rows; ++row) {
      const auto features = row_of(set.features, row, 2);
      for (std::size_t axis = 0; axis < 2; ++axis) {
        axes[axis].low = std::min(axes[axis].low, features[axis]);
        axes[axis].high = std::max(axes[axis].high, features[axis]);
      }
      if (row >= shown_points) continue;
      points += csv_line({exact_number(features[0]), exact_number(features[1]),
                          exact_number(set.targets[static_cast<std::size_t>(row)]), name});
    }
  };
  add_points("train", data.train);
  add_points("validation", data.validation);
  add_points("test", data.test);

  std::vector<double> grid, outputs;
  for (std::int64_t y = 0; y < map_points; ++y) {
    for (std::int64_t x = 0; x < map_points; ++x) grid.insert(grid.end(), {axes[0].at(x), axes[1].at(y)});
  }
  check(backend.predict(model, {grid.data(), map_points * map_points, 2}, outputs));
  auto map = csv_line({data.feature_names[0], data.feature_names[1], "predicted_" + data.target_names[0]});
  for (std::size_t point = 0; point < outputs.size(); ++point) {
    map += csv_line({exact_number(grid[2 * point]), exact_number(grid[2 * point + 1]), exact_number(outputs[point])});
  }
  folder.write("decision_map.csv", map);
  folder.write("decision_points.csv", points);
}

}  // namespace sinter::app
