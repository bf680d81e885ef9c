#include <sinter/app/study/trial.hpp>

#include <sstream>

#include <fmt/format.h>

#include <sinter/models/io/file_bytes.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t message_lines = 5;

/// The last lines of a text.
std::string tail(std::string text) {
  text.erase(text.find_last_not_of(" \r\n") + 1);
  std::size_t from = text.size();
  for (std::size_t line = 0; line < message_lines && from != text.npos && from > 0; ++line)
    from = text.rfind('\n', from - 1);
  return from == text.npos || from == 0 ? text : text.substr(from + 1);
}

std::string filled_in(std::string text, const StudyPoint& point) {
  const std::pair<std::string_view, int> names[] = {{"{ranks}", point.ranks}, {"{threads}", point.threads}};
  for (const auto& [name, value] : names) {
    for (std::size_t at = 0; (at = text.find(name, at)) != text.npos;)
      text.replace(at, name.size(), fmt::to_string(value));
  }
  return text;
}

/// A folder name out of a label.
std::string file_name(std::string label) {
  for (char& c : label) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '=' || c == '.' || c == '-';
    if (!plain) c = '_';
  }
  return label;
}

template <class T>
void take(const Json& record, const char* pointer, T& out) {
  const Json::json_pointer place(pointer);
  if (record.contains(place) && !record.at(place).is_null()) out = record.at(place).get<T>();
}

double column_number(const std::string& text) {
  double value = unknown;
  std::istringstream(text) >> value;
  return value;
}

/// The first log point below the target in metrics.csv of a training, as fields of its record.
bool add_target(Json& record, const std::string& metrics, double target) {
  std::istringstream lines(metrics);
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> fields;
    std::istringstream parts(line + ",");
    for (std::string field; std::getline(parts, field, ',');) fields.push_back(field);
    if (names.empty()) {
      names = fields;
      continue;
    }
    const auto field = [&](std::string_view name) {
      for (std::size_t index = 0; index < std::min(names.size(), fields.size()); ++index)
        if (names[index] == name) return column_number(fields[index]);
      return unknown;
    };
    if (!(field("validation_loss") < target)) continue;  // an empty field is no number
    record["target"] = {{"validation_loss", field("validation_loss")},
                        {"epoch", static_cast<std::int64_t>(field("epoch"))},
                        {"step", static_cast<std::int64_t>(field("step"))},
                        {"elapsed_s", field("elapsed_s")}};
    return true;
  }
  return false;
}

/// What the program was asked for and must have done: a launcher that starts copies instead of ranks, or data with fewer
/// rows than a batch, would otherwise be measured as something else.
std::string disagreement(const StudyPoint& point, const Sample& sample) {
  if (sample.ranks != point.ranks) {
    return fmt::format(
        "asked for {} rank{}, the program ran with {}: was it built with MPI, and does the launcher belong to that "
        "MPI?",
        point.ranks, point.ranks == 1 ? "" : "s", sample.ranks);
  }
  if (point.threads != 0 && sample.threads != point.threads)
    return fmt::format("asked for {} threads, the program ran with {}", point.threads, sample.threads);
  if (point.batch != 0 && sample.batch >= 0 && sample.batch != point.batch)
    return fmt::format("asked for batches of {}, the program took {}: the data have {} training rows", point.batch,
                       sample.batch, sample.training_rows);
  return "";
}

}  // namespace

std::string to_text(Trial::Status status) {
  switch (status) {
    case Trial::Status::ok: return "ok";
    case Trial::Status::failed: return "failed";
    case Trial::Status::timed_out: return "timed_out";
    case Trial::Status::missed: return "missed";
    case Trial::Status::interrupted: return "interrupted";
    case Trial::Status::hung: return "hung";
  }
  return "failed";
}

std::string to_line(const Trial& m) {
  const Json json{{"point", m.point},     {"repetition", m.repetition}, {"status", to_text(m.status)},
                  {"exit", m.exit},       {"signal", m.signal},         {"message", m.message},
                  {"started", m.started}, {"elapsed_s", m.elapsed_s},   {"record", m.record}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Trial from_line(const std::string& line) {
  try {
    const auto json = Json::parse(line);
    Trial m;
    using enum Trial::Status;
    for (const auto status : {ok, timed_out, missed, interrupted, hung})
      if (json.at("status") == to_text(status)) m.status = status;
    m.point = json.at("point");
    m.repetition = json.at("repetition");
    m.exit = json.at("exit");
    m.signal = json.at("signal");
    m.message = json.at("message");
    m.started = json.at("started");
    m.elapsed_s = json.at("elapsed_s");
    m.record = json.at("record");
    return m;
  } catch (const Json::exception& error) {
    throw IoError(fmt::format("not a measurement: {}", error.what()));
  }
}

std::vector<std::string> command_of(const StudyFile& study, const StudyPoint& point, int repetition,
                                    const std::string& program) {
  std::vector<std::string> words;
  const auto& launcher = study.launcher;
  if (launcher.type == LauncherType::mpirun) words = {"mpirun", "-n", "{ranks}"};
  if (launcher.type == LauncherType::srun) {
    words = {"srun", "-n", "{ranks}"};
    if (point.threads != 0) words.insert(words.end(), {"-c", "{threads}"});
  }
  words.insert(words.end(), launcher.arguments.begin(), launcher.arguments.end());
  std::vector<std::string> environment;
  if (point.threads != 0) environment.emplace_back("OMP_NUM_THREADS={threads}");
  if (launcher.binding == Binding::none) environment.emplace_back("OMP_PROC_BIND=false");
  if (launcher.binding == Binding::close || launcher.binding == Binding::spread) {
    environment.push_back(fmt::format("OMP_PROC_BIND={}", to_name(launcher.binding)));
    environment.emplace_back("OMP_PLACES=cores");
  }
  for (const auto& [name, value] : launcher.environment) environment.push_back(name + "=" + value);
  if (!environment.empty()) words.emplace_back("env");
  words.insert(words.end(), environment.begin(), environment.end());
  for (auto& word : words) word = filled_in(std::move(word), point);

  const bool training = study.kind == StudyKind::time_to_target;
  words.insert(words.end(), {program, training ? "train" : "bench", study.run_file.string()});
  for (const auto& [key, value] : point.overrides) words.insert(words.end(), {"--set", key + "=" + value});
  if (training)
    words.insert(words.end(), {"--output", training_folder(study, point, repetition).string(), "--no-plots"});
  words.emplace_back("--json");
  words.insert(words.end(), study.arguments.begin(), study.arguments.end());
  return words;
}

fs::path training_folder(const StudyFile& study, const StudyPoint& point, int repetition) {
  return fs::path(study.output) / "runs" / fmt::format("{}_{}", file_name(point.label), repetition);
}

Trial trial_of(const StudyFile& study, const StudyPoint& point, int repetition, const ChildOutcome& outcome) {
  Trial m;
  m.point = point.label;
  m.repetition = repetition;
  m.exit = outcome.exit;
  m.signal = outcome.signal;
  m.elapsed_s = outcome.elapsed_s;
  m.message = tail(outcome.err);
  if (outcome.timed_out) {
    m.status = Trial::Status::timed_out;
    return m;
  }
  if (outcome.exit != 0) return m;
  try {
    std::istringstream text(outcome.out.substr(std::min(outcome.out.size(), outcome.out.find('{'))));
    text >> m.record;
    if (study.kind == StudyKind::time_to_target) {
      const auto metrics = read_file(training_folder(study, point, repetition) / "metrics.csv");
      if (!add_target(m.record, metrics, study.target)) {
        m.record = nullptr;
        m.status = Trial::Status::missed;
        m.message = fmt::format("the validation loss did not come below {}", study.target);
        return m;
      }
    }
    m.message = disagreement(point, sample_of(m.record));
  } catch (const Json::exception& error) {
    m.message = fmt::format("the program did not print its record: {}", error.what());
  } catch (const IoError& error) {
    m.message = error.what();
  }
  if (m.message.empty()) {
    m.status = Trial::Status::ok;
  } else {
    m.record = nullptr;
  }
  return m;
}

Sample sample_of(const Json& record) {
  Sample s;
  try {
    take(record, "/sinter", s.version);
    take(record, "/commit", s.commit);
    take(record, "/host/name", s.host);
    take(record, "/precision", s.precision);
    take(record, "/peak_memory_bytes", s.peak_memory_bytes);
    if (record.contains("target")) {  // what `sinter train` tells
      take(record, "/target/elapsed_s", s.seconds);
      take(record, "/target/epoch", s.epoch);
      take(record, "/target/step", s.step);
      s.low = s.high = s.seconds;
      take(record, "/versions/sinter", s.version);
      take(record, "/versions/compiler", s.compiler);
      take(record, "/versions/kokkos", s.kokkos);
      take(record, "/versions/mpi", s.mpi);
      take(record, "/device_info/module", s.module);
      take(record, "/device", s.space);
      take(record, "/device_info/concurrency", s.threads);
      s.ranks = 1;
      take(record, "/ranks", s.ranks);
      take(record, "/fusion", s.level);
      take(record, "/plan/batch", s.batch);
      take(record, "/plan/training_rows", s.training_rows);
      take(record, "/plan/chosen/flops", s.flops);
      take(record, "/plan/chosen/compulsory_bytes", s.bytes);
      take(record, "/time/samples_per_s", s.samples_per_s);
      take(record, "/steady_state/launches", s.launches);
      take(record, "/steady_state/fences", s.fences);
      take(record, "/steady_state/copies", s.copies);
      take(record, "/steady_state/allocations", s.allocations);
      take(record, "/parameters/count", s.parameters);
      take(record, "/parameters/xxh64", s.hash);
      double steps_per_s = unknown;
      take(record, "/time/steps_per_s", steps_per_s);
      s.gflops = s.flops * steps_per_s * 1e-9;
    } else {  // what `sinter bench` tells
      take(record, "/compiler", s.compiler);
      take(record, "/mpi", s.mpi);
      take(record, "/device/kokkos", s.kokkos);
      take(record, "/device/module", s.module);
      take(record, "/step_s/median", s.seconds);
      take(record, "/step_s/low", s.low);
      take(record, "/step_s/high", s.high);
      take(record, "/first_step_s", s.first_step_s);
      take(record, "/samples_per_s", s.samples_per_s);
      take(record, "/gflops", s.gflops);
      take(record, "/flops_per_step", s.flops);
      take(record, "/bytes_per_step", s.bytes);
      take(record, "/launches_per_step", s.launches);
      take(record, "/fences_per_step", s.fences);
      take(record, "/copies_per_step", s.copies);
      take(record, "/allocations_per_step", s.allocations);
      take(record, "/parameters", s.parameters);
      take(record, "/batch", s.batch);
      take(record, "/training_rows", s.training_rows);
      take(record, "/threads", s.threads);
      take(record, "/ranks", s.ranks);
      take(record, "/oversubscribed", s.oversubscribed);
      take(record, "/space", s.space);
      take(record, "/level", s.level);
      take(record, "/mode", s.mode);
      take(record, "/bound", s.bound);
      take(record, "/parameter_hash", s.hash);
      take(record, "/fraction_of_peak", s.fraction_of_peak);
      take(record, "/peaks/fma_gflops", s.fma_gflops);
      take(record, "/peaks/triad_gb_s", s.triad_gb_s);
      take(record, "/peaks/launch_us", s.launch_us);
      take(record, "/predicted_step_s", s.predicted_s);
    }
  } catch (const Json::exception& error) {
    throw IoError(fmt::format("the program's record is not what a study reads: {}", error.what()));
  }
  if (!(s.seconds > 0)) throw IoError("the program's record has no time of a step (step_s.median)");
  return s;
}

}  // namespace sinter::app
