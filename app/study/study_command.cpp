// sinter study: measures the points of study files, one process after another, and reports.
#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <random>
#include <set>

#include <fmt/format.h>

#include <sinter/app/child_process.hpp>
#include <sinter/app/commands.hpp>
#include <sinter/app/exit_codes.hpp>
#include <sinter/app/host_facts.hpp>
#include <sinter/app/modules.hpp>
#include <sinter/app/output_folder.hpp>
#include <sinter/app/plots.hpp>
#include <sinter/app/problem.hpp>
#include <sinter/app/run_record.hpp>
#include <sinter/app/signals.hpp>
#include <sinter/app/study/report.hpp>
#include <sinter/app/study/results_file.hpp>
#include <sinter/models/io/file_bytes.hpp>
#include <sinter/models/plan/share.hpp>

namespace sinter::app {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr double line_seconds = 30;  // a batch log gets a line at least this often, and one every twentieth

constexpr std::array<std::string_view, 5> study_files{"study.csv", "study.json", "study.md", "results.jsonl",
                                                      "run.yaml"};

struct Task {
  const StudyPoint* point;
  int repetition;
};

/// Every measurement of the study in an order drawn from its seed (Fisher and Yates), so that a slow minute of the
/// machine does not fall on one point. std::shuffle may draw differently elsewhere.
std::vector<Task> shuffled(const StudyFile& study) {
  std::vector<Task> tasks;
  for (const auto& point : study.points)
    for (int repetition = 1; repetition <= study.repetitions; ++repetition) tasks.push_back({&point, repetition});
  std::mt19937_64 draw(study.seed);
  for (std::size_t left = tasks.size(); left > 1; --left) std::swap(tasks[left - 1], tasks[draw() % left]);
  return tasks;
}

/// The measurements that are still to be made: not the others of a point that hangs, where none of it ended well.
std::vector<Task> missing(const StudyFile& study, const std::vector<Trial>& trials, bool retry) {
  std::set<std::pair<std::string, int>> done;
  std::set<std::string> hung, well;
  for (const auto& trial : trials) {
    if (trial.status == Trial::Status::ok) well.insert(trial.point);
    if (trial.status == Trial::Status::hung && !retry) hung.insert(trial.point);
    if (trial.status == Trial::Status::ok || (!retry && trial.status != Trial::Status::interrupted))
      done.emplace(trial.point, trial.repetition);
  }
  auto tasks = shuffled(study);
  std::erase_if(tasks, [&](const Task& task) {
    const auto& label = task.point->label;
    return done.contains({label, task.repetition}) || (hung.contains(label) && !well.contains(label));
  });
  return tasks;
}

/// What is recorded of a measurement with which the study was interrupted. The next run begins with it; if it is
/// interrupted again, it would be so for ever in a job that is started again and again: then it counts as failed.
Trial interrupted_trial(const Task& task, const std::vector<Trial>& earlier, double elapsed_s) {
  Trial trial;
  trial.point = task.point->label;
  trial.repetition = task.repetition;
  trial.status = Trial::Status::interrupted;
  trial.elapsed_s = elapsed_s;
  const auto last = std::ranges::find_if(earlier.rbegin(), earlier.rend(), [&](const Trial& other) {
    return other.point == trial.point && other.repetition == trial.repetition;
  });
  if (last == earlier.rend() || last->status != Trial::Status::interrupted) return trial;
  trial.status = Trial::Status::hung;
  trial.message = fmt::format(
      "interrupted twice, after {} and {}: it hangs, or takes longer than a job does; study.time_limit ends such a "
      "process, "
      "--retry measures it again",
      duration(last->elapsed_s), duration(elapsed_s));
  return trial;
}

/// A line with the time left: means of processes of the same point, where there are any, of all otherwise.
class StudyProgress {
 public:
  StudyProgress(Console& console, std::size_t total) : console_(console), total_(total) {}

  void update(const Trial& trial, const std::vector<Task>& left) {
    ++done_;
    auto& [count, sum] = seen_[trial.point];
    ++count;
    sum += trial.elapsed_s;
    all_s_ += trial.elapsed_s;
    double left_s = 0;
    for (const auto& task : left) {
      const auto it = seen_.find(task.point->label);
      left_s += it != seen_.end() ? it->second.second / it->second.first : all_s_ / static_cast<double>(done_);
    }
    const auto result = trial.status == Trial::Status::ok ? time_text(sample_of(trial.record).seconds)
                                                          : to_text(trial.status);
    auto line = fmt::format("  {:>{}}/{}  {}  {}", done_, fmt::formatted_size("{}", total_), total_, trial.point,
                            result);
    if (!left.empty()) line += fmt::format("  {} left", duration(left_s));
    const auto now = Clock::now();
    if (console_.terminal()) {
      console_.transient(line.substr(0, static_cast<std::size_t>(console_.width() - 1)));
    } else if (done_ == 1 || left.empty() || 20 * (done_ - shown_) >= total_ ||
               std::chrono::duration<double>(now - shown_at_).count() > line_seconds) {
      console_.say(line);
      shown_ = done_;
      shown_at_ = now;
    }
  }

 private:
  Console& console_;
  std::size_t total_, done_ = 0, shown_ = 0;
  Clock::time_point shown_at_ = Clock::now();
  std::map<std::string, std::pair<int, double>> seen_;  ///< of this run, by point: processes and their time
  double all_s_ = 0;
};

void measure(const StudyFile& study, ResultsFile& results, std::vector<Task> tasks, const std::string& program,
             Console& console) {
  StudyProgress progress(console, tasks.size());
  std::set<std::string> told;
  std::ranges::reverse(tasks);  // the next one is the last
  ChildOptions options;
  options.own_group = true;
  options.time_limit_s = study.time_limit_s;
  options.stop = [] { return received_signal() != 0; };
  while (!tasks.empty() && received_signal() == 0) {
    const auto task = tasks.back();
    tasks.pop_back();
    const auto started = utc_now();
    const auto outcome = run_child(command_of(study, *task.point, task.repetition, program), options);
    // A child that Ctrl-C reached by another way, such as a scheduler's signal to all, has not failed.
    if (outcome.stopped || received_signal() != 0) {
      auto trial = interrupted_trial(task, results.trials(), outcome.elapsed_s);
      trial.started = started;
      results.append(trial);
      if (trial.status == Trial::Status::hung) console.warn(fmt::format("{}: {}", trial.point, trial.message));
      break;
    }
    auto trial = trial_of(study, *task.point, task.repetition, outcome);
    trial.started = started;
    results.append(trial);
    if (refused(trial)) std::erase_if(tasks, [&](const Task& other) { return other.point == task.point; });
    if (trial.status != Trial::Status::ok && told.insert(trial.point).second)
      console.warn(fmt::format("{}: {}: {}", trial.point, to_text(trial.status), last_line(trial.message)));
    progress.update(trial, tasks);
  }
}

std::vector<std::string> plots_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const char* name :
       {"speed_up.png", "efficiency.png", "step_time.png", "time_to_target.png", "roofline.png", "extrapolation.png"})
    if (fs::exists(folder / name)) names.emplace_back(name);
  return names;
}

struct Result {
  Json record;
  int code = 0;
};

Result run_study(const StudyFile& study, const StudyOptions& options, Console& console) {
  const auto program = executable_path().string();
  OutputFolder folder(study.output, study_files);
  ResultsFile results(folder.path() / "results.jsonl", definition_of(study));
  if (study.run_inline) folder.write("run.yaml", study.run_text);
  auto tasks = missing(study, results.trials(), options.retry);
  console.say("study {}: {}, {} points of {} processes", study.name, to_name(study.kind), study.points.size(),
              study.repetitions);
  if (results.repaired()) console.warn("an unfinished line at the end of results.jsonl was dropped");
  if (!results.trials().empty())
    console.say("  {} measurements are there, {} are missing",
                study.points.size() * static_cast<std::size_t>(study.repetitions) - tasks.size(), tasks.size());
  measure(study, results, std::move(tasks), program, console);

  const auto summary = summarize_study(study, results.trials());
  const bool interrupted = received_signal() != 0 && summary.missing > 0;
  const auto record = study_json(study, summary, interrupted ? "interrupted" : "completed", program);
  folder.write("study.csv", study_csv(study, results.trials()));
  folder.write("study.json", record_text(record));
  if (!options.no_plots && !interrupted) {
    if (const auto problem = draw_plots(folder.path(), "sinter_study_plot.py"); !problem.empty())
      console.warn("no plots: " + problem);
  }
  folder.write("study.md", study_markdown(study, summary, record, plots_in(folder.path())));

  console.say("\n{}", table(result_rows(study, summary)));
  for (const auto& warning : summary.warnings) console.warn(warning);
  for (const auto& error : summary.errors) print_error(error);
  if (interrupted) console.say("\n{} measurements are missing; the same command goes on with them", summary.missing);
  console.say("\nresults in {}\n", study.output);
  const int code = interrupted                 ? exit_interrupted
                   : !summary.errors.empty()   ? exit_code(ErrorKind::internal)
                   : summary.failed_points > 0 ? exit_incomplete
                                               : 0;
  return {record, code};
}

/// What ranks cannot do is said before anything is measured: share a batch among more of them than it has chunks, or take
/// more rows than the data have.
void check_points_of_ranks(const StudyFile& study) {
  const auto machine = this_machine();
  const auto modules = read_modules(module_folders(), machine);
  for (const auto& point : study.points) {
    if (point.ranks == 1) continue;
    std::vector<std::string> settings;
    for (const auto& [key, value] : point.overrides) settings.push_back(key + "=" + value);
    try {
      auto run = parse_run_file(study.run_text, study.run_file.string(), fs::absolute(study.run_file).parent_path(),
                                settings);
      if (run.ensemble.members > 0) continue;  // whose members are shared
      const auto kind = device_kind_of(choose_module(run.device, modules, machine).space);
      const auto plan = plan_of(std::move(run), kind);
      check_ranks(plan, point.ranks);
      if (plan.batch < point.batch) {
        throw ConfigError(fmt::format("a batch of {} rows is more than the {} training rows of the data", point.batch,
                                      plan.training_rows));
      }
    } catch (const NotCompiled&) {
      // Another machine than this one may have the space; its points tell.
    } catch (const Error& error) {
      throw Error(error.kind(), fmt::format("{}: the point {}: {}", study.name, point.label, error.what()));
    }
  }
}

void list_points(const StudyFile& study, Console& console, Json& list) {
  const auto program = executable_path().string();
  console.say("study {}: {}, {} points of {} processes into {}", study.name, to_name(study.kind), study.points.size(),
              study.repetitions, study.output);
  Json points = Json::array();
  for (const auto& point : study.points) {
    const auto command = shell_text(command_of(study, point, 1, program));
    console.say("# {}\n{}", point.label, command);
    points.push_back({{"label", point.label}, {"command", command}});
  }
  if (study.run_inline) console.say("# {} will hold the run file that the study file gives", study.run_file.string());
  list.push_back(
      {{"name", study.name}, {"output", study.output}, {"repetitions", study.repetitions}, {"points", points}});
}

}  // namespace

int study(const StudyOptions& options, Console& console) {
  std::vector<StudyFile> studies;  // all are read before the first one runs
  std::set<fs::path> outputs;
  for (const auto& file : options.files) {
    studies.push_back(read_study_file(file, options.overrides, options.output));
    if (!outputs.insert(fs::absolute(studies.back().output).lexically_normal()).second)
      throw UsageError(
          fmt::format("{}: the folder '{}' is that of another study of this command", file, studies.back().output));
  }
  // Points that cannot even be started would all be recorded as failed.
  for (const auto& each : studies) {
    const auto type = each.launcher.type;
    if (options.dry_run || (type != LauncherType::mpirun && type != LauncherType::srun)) continue;
    if (const std::string program(to_name(type)); !on_path(program)) {
      throw ConfigError(fmt::format(
          "launcher.type: {0}: no program '{0}' is on the PATH; allowed: a launcher that is there, or none", program));
    }
    check_points_of_ranks(each);
  }
  Json records = Json::array();
  int code = 0;
  if (!options.dry_run) watch_signals("stopping the study; Ctrl-C ends at once");
  for (const auto& each : studies) {
    if (options.dry_run) {
      list_points(each, console, records);
      continue;
    }
    auto result = run_study(each, options, console);
    records.push_back(std::move(result.record));
    if (code == 0 || result.code == exit_interrupted) code = result.code;
    if (received_signal() != 0) {
      code = exit_interrupted;
      break;
    }
  }
  console.result(record_text({{"studies", records}}));
  return code;
}

}  // namespace sinter::app
