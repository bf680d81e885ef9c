#include <sinter/app/bench_table.hpp>

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <sinter/app/bench_record.hpp>
#include <sinter/app/host_facts.hpp>
#include <sinter/app/output_folder.hpp>
#include <sinter/app/statistics.hpp>

namespace sinter::app {
namespace {

double median_of(const Json& record) { return record["step_s"]["median"].get<double>(); }

/// The first record for which the condition holds; null where there is none.
template <class Condition>
const Json* find(const Json& records, const Condition& condition) {
  const auto found = std::find_if(records.begin(), records.end(), condition);
  return found == records.end() ? nullptr : &*found;
}

const Json* find_training(const Json& records, const std::string& network, std::string_view level) {
  return find(records, [&](const Json& r) {
    return r["network"] == network && r["mode"] == "training" && r["level"] == level && !r["one_thread"].get<bool>();
  });
}

/// Same network, mode and level with all threads.
const Json* with_all_threads(const Json& records, const Json& of) {
  return find(records, [&](const Json& r) {
    return r["network"] == of["network"] && r["mode"] == of["mode"] && r["level"] == of["level"] &&
           !r["one_thread"].get<bool>();
  });
}

const BenchNetwork* network_named(const std::string& name) {
  const auto& all = bench_networks();
  const auto found = std::ranges::find(all, name, &BenchNetwork::name);
  return found == all.end() ? nullptr : &*found;
}

/// The fastest level of a network's training, with all threads.
const Json* best_training(const Json& records, const std::string& network) {
  const Json* best = nullptr;
  for (const auto& r : records) {
    if (r["network"] != network || r["mode"] != "training" || r["one_thread"].get<bool>()) continue;
    if (best == nullptr || median_of(r) < median_of(*best)) best = &r;
  }
  return best;
}

BenchProblem problem_of(const Json& record) {
  const auto one = bench_case(record["name"]);
  BenchProblem problem{
      one.network->model, one.network->training, *from_name<Precision>(record["precision"].get<std::string>()),
      one.mode,           one.network->rows,     {}};
  problem.training.fusion = one.level;
  if (one.network->members > 1)
    problem.members.assign(static_cast<std::size_t>(one.network->members), problem.training.optimizer);
  return problem;
}

std::string milliseconds(double seconds) {
  if (seconds < 1e-6) return fmt::format("{:.0f} ns", seconds * 1e9);
  if (seconds < 1e-3) return fmt::format("{:.2f} us", seconds * 1e6);
  return fmt::format("{:.3f} ms", seconds * 1e3);
}

/// The level at which a network of the table trains where nobody asks for one.
std::string automatic_level(const Json& record) {
  auto problem = problem_of(record);
  if (!problem.members.empty()) return std::string(to_name(Fusion::epochs));
  problem.training.fusion = Fusion::automatic;
  const auto kind = device_kind_of(record["space"].get<std::string>());
  return std::string(to_name(make_plan(problem.model, problem.training, problem.precision, kind, problem.rows).level));
}

/// A network's training at the level that `auto` takes, or the fastest where that was not measured; and what to call it.
struct ShownTraining {
  const Json* record = nullptr;
  std::string level;
};

ShownTraining shown_training(const Json& records, const std::string& network) {
  const auto* const best = best_training(records, network);
  if (best == nullptr) return {};
  const auto level = automatic_level(*best), fastest = (*best)["level"].get<std::string>();
  const auto* const automatic = find_training(records, network, level);
  if (automatic == nullptr) return {best, fmt::format("{} (`auto` takes {})", fastest, level)};
  if (median_of(*best) >= median_of(*automatic)) return {automatic, level};
  return {automatic, fmt::format("{} ({}: {})", level, fastest, milliseconds(median_of(*best)))};
}

void add_ratios(Json& records) {
  for (auto& r : records) {
    const auto network = r["network"].get<std::string>();
    r["measured_over_predicted"] = median_of(r) / r["predicted_step_s"].get<double>();
    r["first_step_over_steady"] = r["first_step_s"].get<double>() / median_of(r);
    if (const auto* none = find_training(records, network, "none");
        none != nullptr && r["mode"] == "training" && !r["one_thread"].get<bool>())
      r["speed_over_none"] = median_of(*none) / median_of(r);
    if (const auto* all = with_all_threads(records, r); all != nullptr && r["one_thread"].get<bool>())
      r["speed_up_by_threads"] = median_of(r) / median_of(*all);
    const auto* spec = network_named(network);
    if (spec == nullptr) continue;
    if (const auto* single = find_training(records, spec->single, r["level"].get<std::string>()); single != nullptr) {
      const double ratio = static_cast<double>(spec->members) * (median_of(*single) / median_of(r));
      r["member_steps_per_s"] = static_cast<double>(spec->members) / median_of(r);
      r["member_rate_over_single"] = ratio;
      r["member_rate_over_single_and_thread"] = ratio / r["threads"].get<double>();
    }
    if (spec->padded.empty()) continue;
    const auto* neighbour = find(records, [&](const Json& other) {
      return other["network"] == spec->padded && other["mode"] == r["mode"] && other["level"] == r["level"] &&
             other["one_thread"] == r["one_thread"];
    });
    if (neighbour == nullptr) continue;
    r["flops_rate_over_padded"] = r["gflops"].get<double>() / (*neighbour)["gflops"].get<double>();
    r["row_rate_over_padded"] = r["samples_per_s"].get<double>() / (*neighbour)["samples_per_s"].get<double>();
  }
}

std::string percent(const Json& value) { return fmt::format("{:.1f} %", 100 * value.get<double>()); }

std::string factor(const Json& record, const char* key) {
  if (!record.contains(key)) return "";
  const auto value = record[key].get<double>();
  return value < 1e4 ? fmt::format("{:.2f}", value) : fmt::format("{:.0f}", value);
}

std::string count(const Json& value) { return fmt::format("{:.4g}", value.get<double>()); }

std::string row(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const auto& cell : cells) line += " " + cell + " |";
  return line + "\n";
}

std::string heading(const std::vector<std::string>& cells) {
  std::string rule = "|";
  for (std::size_t c = 0; c < cells.size(); ++c) rule += c == 0 ? "---|" : "---:|";
  return row(cells) + rule + "\n";
}

std::string interval(const Json& record) {
  const auto& s = record["step_s"];
  return fmt::format("{} ({} to {})", milliseconds(s["median"]), milliseconds(s["low"]), milliseconds(s["high"]));
}

/// One line a network: training at the level that `auto` takes, with the fastest one beside it where that is another, and inference.
std::string table_of_networks(const Json& records) {
  auto text = heading(
      {"network, batch", "level", "training step", "of peak", "inference", "of peak", "against `none`"});
  for (const auto& network : bench_networks()) {
    const auto [training_record, level] = shown_training(records, network.name);
    const auto* inference = find(records, [&](const Json& r) {
      return r["network"] == network.name && r["mode"] == "inference" && !r["one_thread"].get<bool>();
    });
    if (training_record == nullptr && inference == nullptr) continue;
    std::vector<std::string> cells{network.name, level};
    cells.push_back(training_record == nullptr ? "" : milliseconds(median_of(*training_record)));
    cells.push_back(training_record == nullptr ? "" : percent((*training_record)["fraction_of_peak"]));
    cells.push_back(inference == nullptr ? "" : milliseconds(median_of(*inference)));
    cells.push_back(inference == nullptr ? "" : percent((*inference)["fraction_of_peak"]));
    cells.push_back(training_record == nullptr ? "" : factor(*training_record, "speed_over_none"));
    text += row(cells);
  }
  return text;
}

std::string table_of_measurements(const Json& records) {
  auto text = heading({"measurement", "step (95 % of the median)", "GFLOP/s", "of peak", "launches", "fences", "copies",
                       "allocations", "bytes", "predicted", "measured / predicted", "bound", "first / steady"});
  for (const auto& r : records) {
    text += row({r["name"], interval(r), fmt::format("{:.1f}", r["gflops"].get<double>()),
                 percent(r["fraction_of_peak"]), count(r["launches_per_step"]), count(r["fences_per_step"]),
                 count(r["copies_per_step"]), count(r["allocations_per_step"]), count(r["bytes_per_step"]),
                 milliseconds(r["predicted_step_s"]), factor(r, "measured_over_predicted"), r["bound"],
                 factor(r, "first_step_over_steady")});
  }
  return text;
}

/// One line a record that has `key`, or nothing where none has.
std::string table_of(const Json& records, const std::vector<std::string>& names, const std::vector<const char*>& keys) {
  std::string lines;
  for (const auto& r : records) {
    if (!r.contains(keys.front())) continue;
    std::vector<std::string> cells{r["name"]};
    for (const auto* key : keys) cells.push_back(factor(r, key));
    lines += row(cells);
  }
  return lines.empty() ? "" : heading(names) + lines;
}

}  // namespace

Json bench_summary(Json records, const std::vector<BenchRefusal>& refused, const StartUp& start_up) {
  struct Peaks {
    double fma = 0, triad = 0, launch = 1e300;
  };
  std::map<int, Peaks> by_threads;
  for (const auto& r : records) {
    auto& best = by_threads[r["threads"].get<int>()];
    best.fma = std::max(best.fma, r["peaks"]["fma_gflops"].get<double>());
    best.triad = std::max(best.triad, r["peaks"]["triad_gb_s"].get<double>());
    best.launch = std::min(best.launch, r["peaks"]["launch_us"].get<double>());
  }
  Json peaks = Json::array();
  for (const auto& [threads, best] : by_threads) {
    peaks.push_back(
        {{"threads", threads}, {"fma_gflops", best.fma}, {"triad_gb_s", best.triad}, {"launch_us", best.launch}});
  }
  for (auto& r : records) {
    const auto& best = by_threads[r["threads"].get<int>()];
    judge(r, problem_of(r), {best.fma, best.fma, best.triad, best.launch});  // of the one precision of the table
  }
  add_ratios(records);

  Json summary = build_facts();
  summary["measured"] = utc_now();
  if (!records.empty()) {
    summary["precision"] = records.front()["precision"];
    summary["space"] = records.front()["space"];
    summary["device"] = records.front()["device"];
  }
  summary["peaks"] = peaks;
  const auto seconds = summarize(start_up.seconds);
  summary["start_up_s"] = {{"median", seconds.median}, {"low", seconds.low}, {"high", seconds.high}};
  summary["refused"] = Json::array();
  for (const auto& one : refused) summary["refused"].push_back({{"name", one.name}, {"reason", one.reason}});
  summary["records"] = std::move(records);
  return summary;
}

std::string bench_csv(const Json& summary) {
  static const std::vector<std::string> columns{"name",
                                                "network",
                                                "mode",
                                                "level",
                                                "space",
                                                "threads",
                                                "precision",
                                                "batch",
                                                "training_rows",
                                                "parameters",
                                                "members",
                                                "flops_per_step",
                                                "bytes_per_step",
                                                "launches_per_step",
                                                "fences_per_step",
                                                "copies_per_step",
                                                "allocations_per_step",
                                                "first_step_s",
                                                "steps_per_repetition",
                                                "step_s/median",
                                                "step_s/low",
                                                "step_s/high",
                                                "samples_per_s",
                                                "gflops",
                                                "fraction_of_peak",
                                                "bound",
                                                "predicted_step_s",
                                                "measured_over_predicted",
                                                "first_step_over_steady",
                                                "speed_over_none",
                                                "speed_up_by_threads",
                                                "flops_rate_over_padded",
                                                "row_rate_over_padded",
                                                "member_steps_per_s",
                                                "member_rate_over_single",
                                                "member_rate_over_single_and_thread",
                                                "parameter_hash",
                                                "peak_memory_bytes"};
  auto header = columns;
  for (auto& name : header) std::ranges::replace(name, '/', '_');
  std::string text = csv_line(header);
  for (const auto& r : summary["records"]) {
    std::vector<std::string> fields;
    for (const auto& column : columns) {
      const Json::json_pointer at("/" + column);
      const auto value = r.contains(at) ? r[at] : Json("");
      fields.push_back(value.is_string() ? value.get<std::string>() : value.dump());
    }
    text += csv_line(fields);
  }
  return text;
}

std::string bench_markdown(const Json& summary) {
  const auto& records = summary["records"];
  const auto& host = summary["host"];
  const auto& device = summary["device"];
  const auto text_of = [](const Json& value) { return value.get<std::string>(); };
  const auto products = text_of(device["products_of_level_none"]);
  const std::string_view choice = products.find(openblas_fallback) != products.npos
                                      ? " (which does not know this processor: `none` is slower than it could be)"
                                  : text_of(summary["openblas_told"]).empty()
                                      ? ""
                                      : " (which does not know this processor, and was told what code to take for it)";
  auto text = fmt::format(
      "# sinter bench\n\n{} on {} ({}, {} processors), {}\nSinter {} ({}), {}, Kokkos {}, code for {}; level `none` by "
      "{}{}"
      "\n{}, {}\n\n",
      text_of(summary["measured"]), text_of(host["name"]), text_of(host["cpu"]), host["cpus"].get<int>(),
      text_of(host["os"]), text_of(summary["sinter"]), text_of(summary["commit"]), text_of(summary["compiler"]),
      text_of(device["kokkos"]), text_of(device["cpu_baseline"]), products, choice, text_of(summary["space"]),
      text_of(summary["precision"]));
  text += heading({"threads", "multiply-add", "triad", "empty launch"});
  for (const auto& p : summary["peaks"]) {
    text += row({p["threads"].dump(), fmt::format("{:.1f} GFLOP/s", p["fma_gflops"].get<double>()),
                 fmt::format("{:.1f} GB/s", p["triad_gb_s"].get<double>()),
                 fmt::format("{:.2f} us", p["launch_us"].get<double>())});
  }
  text += fmt::format("\nStart-up of a process: {} (median).\n\n", milliseconds(summary["start_up_s"]["median"]));
  text += "## Networks, at the level that `auto` takes (in brackets one that is faster)\n\n" +
          table_of_networks(records);
  text += "\n## All measurements\n\n" + table_of_measurements(records);
  if (const auto scaling = table_of(records, {"measurement", "speed-up with all threads"}, {"speed_up_by_threads"});
      !scaling.empty())
    text += "\n## Strong scaling\n\n" + scaling;
  if (const auto ensembles = table_of(
          records, {"measurement", "steps/s of members", "over a single network", "and over a thread"},
          {"member_steps_per_s", "member_rate_over_single", "member_rate_over_single_and_thread"});
      !ensembles.empty())
    text += "\n## Ensembles\n\n" + ensembles;
  if (const auto odd = table_of(records,
                                {"measurement", "FLOP/s over padded neighbour", "rows/s over padded neighbour"},
                                {"flops_rate_over_padded", "row_rate_over_padded"});
      !odd.empty())
    text += "\n## Odd extents\n\n" + odd;
  if (!summary["refused"].empty()) {
    text += "\n## Refused\n\n";
    for (const auto& one : summary["refused"])
      text += fmt::format("- {}: {}\n", text_of(one["name"]), text_of(one["reason"]));
  }
  return text;
}

std::string bench_line(const Json& record) {
  return fmt::format("{:<46} {:>10}  {:>7} of peak, {} launches a step", record["name"].get<std::string>(),
                     milliseconds(median_of(record)), percent(record["fraction_of_peak"]),
                     count(record["launches_per_step"]));
}

}  // namespace sinter::app
