#include <sinter/app/study/compare.hpp>

#include <map>
#include <utility>

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
    result.lost = b.is_null();
    const auto& without = result.lost ? after : before;
    result.reason = fmt::format("{} in {}", without.at("failures").empty() ? "not measured" : "failed",
                                !a.is_null()   ? "the second"
                                : !b.is_null() ? "the first"
                                               : "both");
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
  const auto require = [&](bool good, const std::string& problem) {
    if (!good) throw IoError(fmt::format("'{}' is not the record of a study: {}", path.string(), problem));
  };
  const auto json = Json::parse(read_file(path), nullptr, false);
  require(json.is_object(), "no JSON object");
  require(json.contains("study"), "it has no 'study'");
  if (json["study"] != 1) throw IoError(fmt::format("'{}' is the record of another version's study", path.string()));
  require(json.contains("kind"), "it has no 'kind'");
  require(json.contains("points") && json["points"].is_array(), "it has no list 'points'");
  std::size_t number = 0;
  for (const auto& point : json["points"]) {
    const auto needs = [&](const Json& object, const char* field, bool (Json::*type)() const) {
      require(object.is_object() && object.contains(field) && (type == nullptr || (object[field].*type)()),
              fmt::format("point {} has no '{}'", number, field));
    };
    needs(point, "label", &Json::is_string);
    needs(point, "failures", &Json::is_array);
    for (const char* field : {"seconds", "parameter_hash"}) needs(point, field, nullptr);
    if (const auto& seconds = point["seconds"]; !seconds.is_null())
      for (const char* field : {"median", "low", "high", "coverage"}) needs(seconds, field, &Json::is_number);
    ++number;
  }
  return json;
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
      result.lost = where == std::string_view("first");
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
  int lost = 0;
  std::vector<std::vector<std::string>> rows{{"point", "before", "after", "change", "verdict"}};
  Json points = Json::array();
  for (const auto& result : results) {
    ++counts[result.verdict];
    lost += result.lost ? 1 : 0;
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
  const auto not_judged = counts[Verdict::undecided];
  console.say("{} slower, {} faster, {} the same within noise or {:g} %; {} not judged{}", counts[Verdict::slower],
              counts[Verdict::faster], counts[Verdict::same], 100 * options.threshold, not_judged,
              lost == 0 ? "" : fmt::format(", {} of them failed or missing in the second study", lost));
  console.result(record_text({{"before", options.before},
                              {"after", options.after},
                              {"threshold", options.threshold},
                              {"different", different},
                              {"slower", counts[Verdict::slower]},
                              {"faster", counts[Verdict::faster]},
                              {"same", counts[Verdict::same]},
                              {"undecided", not_judged},
                              {"lost", lost},
                              {"points", points}}));
  if (counts[Verdict::slower] > 0) return exit_regression;
  const bool nothing_judged = std::cmp_equal(not_judged, results.size());
  return lost > 0 || nothing_judged ? exit_incomplete : 0;
}

}  // namespace sinter::app
