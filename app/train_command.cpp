// sinter train: from a run file to an output folder.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <sinter/app/checkpoints.hpp>
#include <sinter/app/commands.hpp>
#include <sinter/app/deadline.hpp>
#include <sinter/app/exit_codes.hpp>
#include <sinter/app/file_lock.hpp>
#include <sinter/app/host_facts.hpp>
#include <sinter/app/module_loader.hpp>
#include <sinter/app/output_folder.hpp>
#include <sinter/app/plots.hpp>
#include <sinter/app/problem.hpp>
#include <sinter/app/progress.hpp>
#include <sinter/app/ranks.hpp>
#include <sinter/app/results.hpp>
#include <sinter/app/run_record.hpp>
#include <sinter/app/signals.hpp>
#include <sinter/models/io/model_file.hpp>
#include <sinter/runtime/base/version.hpp>

namespace sinter::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t table_rows = 20;  // test sets up to this size are shown row by row
constexpr double metrics_seconds = 2;    // metrics.csv of a run that is under way is at most this old

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

backend::TrainRequest request_of(const Problem& problem, const Checkpoint* from, Communicator& ranks) {
  const auto& [run, data, plan] = problem;
  return {run.run.name,
          run.run.seed,
          run.model,
          run.training,
          run.normalize,
          run.budget,
          run.device.precision,
          data.view(data.train),
          data.view(data.validation),
          data.view(data.test),
          data.feature_names,
          data.target_names,
          run.checkpoint,
          run.run.stop_after_steps,
          from == nullptr ? nullptr : &from->training,
          &ranks,
          data.training_rows,
          run.ensemble};
}

std::string fusion_text(const Plan& plan, int ranks) {
  if (ranks > 1 && plan.level != Fusion::epochs)
    return fmt::format("{}, with an exchange between the ranks in every step", to_name(plan.level));
  const auto& [launches, steps] = std::pair(plan.chosen.launches, plan.chosen.steps_per_launch);
  return fmt::format("{}, {} launch{} {}", to_name(plan.level), launches, launches == 1 ? "" : "es",
                     steps == 1 ? "a step" : fmt::format("for {} steps", steps));
}

/// What stops a run before its end.
class StopReasons {
 public:
  StopReasons(Clock::time_point start, double time_limit_s, Console& console) {
    std::string warning;
    deadline_ = find_deadline(start, time_limit_s, std::getenv("SLURM_JOB_END_TIME"), warning);
    if (!warning.empty()) console.warn(warning);
  }

  /// "" while there is none.
  [[nodiscard]] std::string reason() const {
    if (received_signal() != 0) return signal_name(received_signal());
    return deadline_ && Clock::now() >= deadline_->at ? deadline_->source : "";
  }
  [[nodiscard]] bool any() const { return received_signal() != 0 || (deadline_ && Clock::now() >= deadline_->at); }

 private:
  std::optional<Deadline> deadline_;
};

std::string banner(const Problem& problem, const Choice& choice, const backend::DeviceInfo& device,
                   const Communicator& ranks) {
  const auto& [run, data, plan] = problem;
  const auto& training = run.training;
  auto spread = fmt::format("{} training", data.training_rows);
  if (!data.validation.empty()) spread += fmt::format(", {} validation", data.validation.rows);
  if (!data.test.empty()) spread += fmt::format(", {} test", data.test.rows);
  const auto chosen = run.device.space == choice.space ? "" : fmt::format(" (asked for: {})", run.device.space);
  const std::vector<std::pair<std::string, std::string>> lines{
      {"device", fmt::format("{}{}: {}, {} {}", device.space, chosen, device.name, device.concurrency,
                             choice.module.devices.empty() ? "threads" : "wide")},
      {"ranks", ranks.size() == 1 ? ""
                                  : fmt::format("{}, {} of them on this node{}", ranks.size(), ranks.local_size(),
                                                training.reproducible ? "" : "; not reproducible")},
      {"precision", std::string(to_name(run.device.precision))},
      {"model", model_text(run.model)},
      {"ensemble", run.ensemble.members > 0
                       ? fmt::format("{} member{}, each with its own {}", run.ensemble.members,
                                     run.ensemble.members == 1 ? "" : "s", fmt::join(member_lists(run.ensemble), ", "))
                       : ""},
      {"fusion", fusion_text(plan, ranks.size())},
      {"epochs", fmt::format("{} of {} step{}, batches of {}", training.epochs, plan.steps_per_epoch,
                             plan.steps_per_epoch == 1 ? "" : "s", plan.batch)},
      {"loss", std::string(to_name(training.loss.type))},
      {"optimizer", optimizer_text(run)},
      {"data", fmt::format("{}: {} rows", data_source(run), spread)},
      {"seed", fmt::to_string(run.run.seed)},
      {"output", run.run.output},
  };
  auto text = fmt::format("sinter {}: {}", version(), run.run.name);
  for (const auto& [name, value] : lines) {
    if (value.empty()) continue;
    text += fmt::format("\n  {:<10} {}", name, value);
  }
  return text;
}

/// Trains and writes everything but the record, which it fills.
void train_into(OutputFolder& folder, RunFile run, const StopReasons& stop, Communicator& ranks, Console& console,
                Json& record) {
  const auto choice = with_places(run.places, [&] { return choose_module_of_rank(run.device, ranks); });
  const auto problem = load_problem(std::move(run), device_kind_of(choice.space), ranks);
  const auto& data = problem.data;
  record["data"] = {
      {"source", data_source(problem.run)}, {"features", data.feature_names},          {"targets", data.target_names},
      {"train_rows", data.training_rows},   {"validation_rows", data.validation.rows}, {"test_rows", data.test.rows}};
  record_plan(record, problem.plan);
  Checkpoints checkpoints(problem, folder, console, ranks);
  const auto* const from = checkpoints.resume(record);  // before anything of the run that it is of is overwritten
  const bool ensemble = problem.run.ensemble.members > 0;
  const bool makes_checkpoints = problem.run.checkpoint.keep > 0;
  if (makes_checkpoints && ranks.rank() == 0) checkpoints.begin();
  folder.write("effective.yaml", effective_yaml(problem.run, problem.plan));

  if (!choice.fallback.empty())
    console.warn(fmt::format("{}; falling back to '{}', as allowed", choice.fallback, choice.space));
  const auto backend = with_places(problem.run.places, [&] { return open_backend(choice, problem.run.device); });
  backend::DeviceInfo device;
  check(backend->device_info(device));
  record_device(record, problem.run, choice, device);
  if (ranks.size() > 1) {
    record["exchange"] = {{"memory", exchange_memory(choice.space, ranks)},
                          {"mpi_takes_device_memory", ranks.takes_device_memory()},
                          {"source", mpi_support().device_memory_source}};
  }
  console.say(banner(problem, choice, device, ranks));
  console.say("");
  folder.write("run.json", record_text(record));

  ProgressReport progress(console);
  auto log = from == nullptr ? std::vector<Progress>{} : from->log;
  auto written = Clock::now();
  backend::Callbacks callbacks;
  std::string stopped_by;
  callbacks.stop_requested = [&] {
    if (stop.any()) stopped_by = stop.reason();
    return !stopped_by.empty();
  };
  if (makes_checkpoints) {
    callbacks.on_checkpoint = [&](const TrainingState& state) {
      if (ranks.rank() == 0) checkpoints.write(state, log);
    };
  }
  callbacks.on_log = [&](LogLevel level, std::string_view text) {
    if (level == LogLevel::warning) {
      console.warn(text);
    } else {
      console.say(text);
    }
  };
  callbacks.on_progress = [&](const Progress& point) {
    log.push_back(point);
    progress.update(point);
    if (seconds_since(written) < metrics_seconds) return;
    try {
      folder.write("metrics.csv", metrics_csv(log));
      written = Clock::now();
    } catch (const IoError& error) {  // no reason to end the run: the disk may have room again when it is done
      if (console.warnings().empty() || console.warnings().back() != error.what()) console.warn(error.what());
    }
  };
  backend::TrainResult result;
  const auto status = backend->train(request_of(problem, from, ranks), callbacks, result);
  folder.write("metrics.csv", metrics_csv(log));  // of a failed run too: it shows where the loss went
  checkpoints.record(record);
  check(status);
  stopped_by = first_text(ranks, stopped_by);  // a signal may have come to another rank
  record["peak_memory_bytes"] = largest(ranks, peak_memory_bytes());

  record_result(record, result);
  record["checkpoints"]["seconds"] = result.checkpoint_s;
  const bool interrupted = result.status == "interrupted";
  if (interrupted) record["stopped_by"] = stopped_by.empty() ? "run.stop_after_steps" : stopped_by;
  if (ranks.rank() != 0) return;
  folder.write("kernels.csv", kernels_csv(result.ledger));
  const auto model = model_of(result);
  if (ensemble) {
    save_ensemble(model, folder.place("model.h5"));
  } else {
    save_model(result.model, folder.place("model.h5"));
  }
  // Where the training rows themselves are predicted or drawn, one rank now needs all of them.
  const bool shared = data.train.rows < data.training_rows &&
                      ((data.test.empty() && data.validation.empty()) || data.feature_names.size() == 2);
  const auto whole = shared ? load_dataset(problem.run.data) : Dataset{};
  const auto& shown = shared ? whole : data;
  const auto predicted = predict_set(*backend, model, shown);
  if (ensemble) {
    folder.write("ensemble.csv", ensemble_csv(result));
    record_ensemble(record, result);
  }
  folder.write("predictions.csv", predictions_csv(predicted, shown));
  record["predictions"] = {{"set", predicted.name}, {"rows", predicted.set->rows}};
  write_decision_map(*backend, result.model, shown, folder);

  console.say("");
  console.say("{} after {} epochs, {} steps in {} of training: {} steps/s, {} samples/s{}", result.status,
              result.epochs_done, result.steps_done, duration(result.training_s),
              short_number(record["time"]["steps_per_s"]), short_number(record["time"]["samples_per_s"]),
              result.checkpoints > 0 ? fmt::format("; checkpoints took {:.3f} s beside", result.checkpoint_s) : "");
  if (ensemble) console.say("{}\n\n  metrics of member {}, the best", ensemble_table(result), result.best);
  console.say(metrics_table(result));
  if (predicted.name == "test" && predicted.set->rows <= table_rows) {
    console.say("");
    console.say(predictions_table(predicted, data, result.test ? result.test->classes : 0));
  }
  checkpoints.require_last();
  if (interrupted) {
    console.say("");
    console.say("stopped by {}; {}", record["stopped_by"].get<std::string>(),
                makes_checkpoints ? fmt::format("--set checkpoint.resume=auto goes on from step {}", result.steps_done)
                                  : "checkpoint.keep is 0, so that nothing can go on from here");
  }
}

}  // namespace

int train(const TrainOptions& options, Console& console) {
  const auto start = Clock::now();
  watch_signals("");  // ranks may take long to find each other, and a scheduler warns whenever it wants
  Communicator& ranks = join_ranks(console);
  watch_signals(ranks.rank() == 0 ? stopping_text : "");
  auto run = read_run_file(options.run_file, options.overrides);
  if (!options.output.empty()) run.run.output = options.output;
  auto folder = ranks.rank() == 0 ? OutputFolder(run.run.output) : OutputFolder::of_another_rank(run.run.output);
  std::optional<FolderLock> lock;
  if (ranks.rank() == 0) {
    lock.emplace(folder.path());
    if (!lock->held())
      console.warn(fmt::format("the file system of '{}' has no locks: nothing keeps a second run out of this folder",
                               folder.path().string()));
  }
  const int stopped = run.checkpoint.keep == 0 ? exit_stopped : exit_interrupted;
  auto record = begin_record(run, options.run_file);
  record["ranks"] = ranks.size();
  if (ranks.size() > 1) record["versions"]["mpi"] = mpi_support().detail;
  const auto finish = [&] {
    record["time"]["total_s"] = seconds_since(start);
    record["peak_memory_bytes"] = std::max(record.value("peak_memory_bytes", std::int64_t{0}), peak_memory_bytes());
    record["warnings"] = console.warnings();
    folder.write("run.json", record_text(record));
  };
  try {
    folder.write("run.json", record_text(record));
    train_into(folder, std::move(run), StopReasons(start, options.time_limit_s, console), ranks, console, record);
    finish();
  } catch (const std::exception& error) {
    const auto* known = dynamic_cast<const Error*>(&error);
    record_failure(record, known ? known->kind() : ErrorKind::internal, error.what());
    try {
      finish();
    } catch (const Error&) {
      // The error that ended the run is the one to report; a folder that can no longer be written follows from it or
      // repeats it.
    }
    console.result(record_text(record));
    throw;
  }
  if (ranks.rank() != 0) return record["status"] == "interrupted" ? stopped : 0;
  folder.remove_stale();
  if (!options.no_plots) {
    if (const auto problem = draw_plots(folder.path()); !problem.empty()) console.warn("no plots: " + problem);
  }
  console.say("");
  console.say("results in {}", folder.path().string());
  console.result(record_text(record));
  return record["status"] == "interrupted" ? stopped : 0;
}

}  // namespace sinter::app
