#include <sinter/app/study/compare.hpp>

#include <map>

#include <fmt/format.h>

#include <sinter/app/commands.hpp>
#include <sinter/app/exit_codes.hpp>
#include <sinter/app/run_record.hpp>
#include <sinter/app/study/report.hpp>
#include <sinter/models/io/file_bytes.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter::app {
namespace {

namespace fs = std::filesystem;
using Verdict = PointComparison::Verdict;

PointComparison compare_points(const Json& before, const Json& after, double threshold) {
  PointComparison result;
  result.label = after.at("label");
  const auto &a = before.at("seconds"), &b = after.at("seconds");
  if (a.is_null() || b.is_null()) {
    result.reason = fmt::format("failed in {}", !a.is_null() ? "the second" : !b.is_null() ? "the first" : "both");
    return result;
  }
  result.before_s = a.at("median");
  result.after_s = b.at("median");
  const auto &old_hash = before.at("parameter_hash"), &new_hash = after.at("parameter_hash");
  result.same_bits = old_hash.is_null() || new_hash.is_null() || old_hash == new_hash;
  if (a.at("coverage") <= 0.0 || b.at("coverage") <= 0.0) {
    result.reason = fmt::format("fewer than {} processes", fewest_for_interval);
    return result;
  }
  const bool slower = b.at("low") > a.at("high"), faster = b.at("high") < a.at("low");
  result.verdict = slower && result.after_s > result.before_s * (1 + threshold)   ? Verdict::slower
                   : faster && result.before_s > result.after_s * (1 + threshold) ? Verdict::faster
                                                                                  : Verdict::same;
  return result;
}

Json read_record(const std::string& name) {
  fs::path path(name);
  if (fs::is_directory(path)) path /= "study.json";
  try {
    auto json = Json::parse(read_file(path));
    if (json.at("study") != 1)
      throw IoError(fmt::format("'{}' is the record of another version's study", path.string()));
    return json;
  } catch (const Json::exception& error) {
    throw IoError(fmt::format("'{}' is not the record of a study: {}", path.string(), error.what()));
  }
}

std::vector<std::string> differences(const Json& before, const Json& after) {
  std::vector<std::string> texts;
  const std::pair<const char*, const char*> fields[] = {{"machine", "/host/name"}, {"processor", "/host/cpu"},
                                                        {"run file", "/run"},      {"set", "/set"},
                                                        {"launcher", "/launcher"}, {"arguments", "/arguments"}};
  for (const auto& [name, pointer] : fields) {
    const Json::json_pointer place(pointer);
    if (before.value(place, Json()) != after.value(place, Json())) texts.emplace_back(name);
  }
  return texts;
}

}  // namespace

std::string to_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::same: return "same";
    case Verdict::faster: return "faster";
    case Verdict::slower: return "SLOWER";
    case Verdict::undecided: return "undecided";
  }
  return "undecided";
}

std::vector<PointComparison> compare_studies(const Json& before, const Json& after, double threshold) {
  try {
    if ((before.at("kind") == "time_to_target") != (after.at("kind") == "time_to_target"))
      throw IoError("one study measures times to a target, the other times of a step");
    std::map<std::string, const Json*> old_points;
    for (const auto& point : before.at("points")) old_points[point.at("label")] = &point;
    std::vector<PointComparison> results;
    const auto alone = [&](const std::string& label, const char* where) {
      PointComparison result;
      result.label = label;
      result.reason = fmt::format("only in the {}", where);
      results.push_back(result);
    };
    for (const auto& point : after.at("points")) {
      const auto it = old_points.find(point.at("label"));
      if (it == old_points.end()) {
        alone(point.at("label"), "second");
        continue;
      }
      results.push_back(compare_points(*it->second, point, threshold));
      old_points.erase(it);
    }
    for (const auto& point : before.at("points"))
      if (old_points.contains(point.at("label"))) alone(point.at("label"), "first");
    return results;
  } catch (const Json::exception& error) {
    throw IoError(fmt::format("not the record of a study: {}", error.what()));
  }
}

int compare(const CompareOptions& options, Console& console) {
  const auto before = read_record(options.before), after = read_record(options.after);
  const auto results = compare_studies(before, after, options.threshold);
  const auto different = differences(before, after);
  if (!different.empty()) console.warn(fmt::format("the studies differ in: {}", fmt::join(different, ", ")));

  std::map<Verdict, int> counts;
  std::vector<std::vector<std::string>> rows{{"point", "before", "after", "change", "verdict"}};
  Json points = Json::array();
  for (const auto& result : results) {
    ++counts[result.verdict];
    const bool timed = result.before_s > 0 && result.after_s > 0;
    const double change = timed ? result.after_s / result.before_s - 1 : unknown;
    auto verdict = result.reason.empty() ? to_text(result.verdict)
                                         : fmt::format("{}: {}", to_text(result.verdict), result.reason);
    if (!result.same_bits) verdict += ", other bits";
    rows.push_back({result.label, time_text(result.before_s), time_text(result.after_s),
                    timed ? fmt::format("{:+.1f} %", 100 * change) : "", verdict});
    points.push_back({{"label", result.label},
                      {"verdict", result.verdict == Verdict::slower ? "slower" : to_text(result.verdict)},
                      {"reason", result.reason},
                      {"before_s", timed ? Json(result.before_s) : Json()},
                      {"after_s", timed ? Json(result.after_s) : Json()},
                      {"change", timed ? Json(change) : Json()},
                      {"same_bits", result.same_bits}});
  }
  console.say("{}\n", table(rows));
  console.say("{} slower, {} faster, {} the same within noise or {:g} %, {} not comparable", counts[Verdict::slower],
              counts[Verdict::faster], counts[Verdict::same], 100 * options.threshold, counts[Verdict::undecided]);
  console.result(record_text({{"before", options.before},
                              {"after", options.after},
                              {"threshold", options.threshold},
                              {"different", different},
                              {"slower", counts[Verdict::slower]},
                              {"faster", counts[Verdict::faster]},
                              {"same", counts[Verdict::same]},
                              {"undecided", counts[Verdict::undecided]},
                              {"points", points}}));
  return counts[Verdict::slower] > 0 ? exit_regression : 0;
}

}  // namespace sinter::app
