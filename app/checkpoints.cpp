#include <sinter/app/checkpoints.hpp>

#include <filesystem>
#include <sstream>
#include <utility>

#include <nlohmann/json.hpp>

namespace sinter::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds between_lines{30};  // of the report; all checkpoints are in the record

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::string shown(const std::string& value) { return value.empty() ? "not set" : value; }

std::string change_text(const KeyDifference& key) {
  return fmt::format("{} was {}, is {}", key.path, shown(key.before), shown(key.now));
}

/// An effective run file without its comments.
std::string settings_of(const std::string& run_file) {
  std::string settings;
  std::istringstream lines(run_file);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('#')) settings += line + '\n';
  }
  return settings;
}

}  // namespace

Checkpoints::Checkpoints(const Problem& problem, const OutputFolder& folder, Console& console, Communicator& ranks)
    : problem_(problem),
      console_(console),
      ranks_(ranks),
      folder_(folder.path() / "checkpoints", problem.run.checkpoint.keep),
      run_file_(effective_yaml(problem.run, problem.plan)) {
  const auto& spec = problem.run.checkpoint;
  if (spec.keep == 0 && spec.resume == "no") return;
  if (problem.data.train.rows == problem.data.training_rows) {
    data_hash_ = content_hash(problem.data);  // all of them are here
    return;
  }
  for (const auto part : of_all_ranks(ranks, content_hash(problem.data, ranks.rank() == 0))) data_hash_ += part;
}

const Checkpoint* Checkpoints::resume(Json& record) {
  record["resumed_from"] = nullptr;
  from_ = find();
  const std::int64_t step = from_ ? from_->checkpoint.training.steps_done : -1;
  for (const auto other : of_all_ranks(ranks_, step)) {
    if (other != step) {
      throw IoError(
          fmt::format("the ranks do not see the same checkpoints in '{}': the newest is of step {} for one and "
                      "of step {} for another",
                      folder_.path().string(), step, other));
    }
  }
  if (!from_) return nullptr;
  const auto changes = compare(*from_);
  const auto& state = from_->checkpoint.training;
  record["resumed_from"] = {
      {"file", from_->path.string()}, {"step", state.steps_done}, {"epoch", state.epochs_done()}, {"changed", changes}};
  const auto wanted = problem_.run.training.epochs;
  if (state.epochs_done() > wanted) {
    console_.warn(
        fmt::format("'{}' is of {} epochs, more than training.epochs ({}) asks for: nothing is left to train, and the "
                    "results are those after {} epochs",
                    from_->path.string(), state.epochs_done(), wanted, state.epochs_done()));
    console_.say("going on from '{}': step {}, {} epochs", from_->path.string(), state.steps_done, state.epochs_done());
  } else {
    console_.say("going on from '{}': step {}, {} of {} epochs", from_->path.string(), state.steps_done,
                 state.epochs_done(), wanted);
  }
  for (const auto& change : changes) console_.say("  changed: {}", change);
  return &from_->checkpoint;
}

std::optional<CheckpointFolder::Found> Checkpoints::find() {
  const auto& resume = problem_.run.checkpoint.resume;
  if (resume == "no") {
    warn_of_unfinished_run();
    return std::nullopt;
  }
  if (resume != "auto") {
    refuse_folder(resume);
    return find_named(resume);
  }
  auto found = newest("checkpoint.resume=auto takes no older one and does not begin anew");
  if (!found) console_.say("no checkpoint to go on from in '{}': beginning anew", folder_.path().string());
  return found;
}

std::optional<CheckpointFolder::Found> Checkpoints::newest(std::string_view consequence) {
  try {
    return folder_.newest([&](const std::filesystem::path& file, std::string_view why) {
      console_.warn(fmt::format("{}: it is passed over", why));
      damaged_.push_back(file);
    });
  } catch (const IoError& error) {
    throw IoError(fmt::format("{}; nothing says that it is damaged, so that {}", error.what(), consequence));
  }
}

CheckpointFolder::Found Checkpoints::find_named(const std::string& file) {
  std::optional<CheckpointFolder::Found> left;  // by a start before this one
  if (problem_.run.checkpoint.keep > 0) left = newest(fmt::format("this run does not go back to '{}'", file));
  if (left && left->checkpoint.training.phase != TrainingPhase::running) left.reset();
  // The file may be gone by now: where it lies in this folder, `keep` removed it.
  if (left && settings_of(left->checkpoint.run_file) == settings_of(run_file_) &&
      left->checkpoint.data_hash == data_hash_) {
    console_.say("a run with these settings went on from '{}' before and has work left", file);
    return std::move(*left);
  }
  CheckpointFolder::Found named{file, load_checkpoint(file)};
  std::error_code ignored;
  if (left && !std::filesystem::equivalent(left->path, named.path, ignored)) {
    console_.warn(
        fmt::format("'{}' is of a run that has work left (step {}); this run goes on from '{}' and will replace it",
                    left->path.string(), left->checkpoint.training.steps_done, file));
  }
  return named;
}

void Checkpoints::refuse_folder(const std::filesystem::path& path) const {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) return;
  std::string meant;
  for (const auto& folder : {path, path / "checkpoints"}) {
    if (const auto files = CheckpointFolder(folder, 1).files(); meant.empty() && !files.empty())
      meant = fmt::format("; did you mean '{}'?", files.front().string());
  }
  throw ConfigError(problem_.run.places.locate(fmt::format(
      "checkpoint.resume: '{}' is a folder; allowed: no, auto, or the file of a checkpoint{}", path.string(), meant)));
}

void Checkpoints::warn_of_unfinished_run() const {
  if (problem_.run.checkpoint.keep == 0) return;  // nothing replaces what is there
  std::optional<CheckpointFolder::Found> found;
  try {
    found = folder_.newest([](const std::filesystem::path&, std::string_view) {});
  } catch (const IoError& error) {
    console_.warn(fmt::format("{}; this run begins anew and will replace it", error.what()));
  }
  if (!found || found->checkpoint.training.phase != TrainingPhase::running) return;
  console_.warn(
      fmt::format("'{}' is of a run that has work left (step {}); this run begins anew and will replace it "
                  "(checkpoint.resume=auto goes on from it)",
                  found->path.string(), found->checkpoint.training.steps_done));
}

std::vector<std::string> Checkpoints::compare(const CheckpointFolder::Found& found) const {
  const auto& checkpoint = found.checkpoint;
  const auto name = found.path.string();
  std::vector<KeyDifference> all;
  try {
    all = differences(parse_run_file(checkpoint.run_file, name, found.path.parent_path()), problem_.run);
  } catch (const ConfigError& error) {
    throw ConfigError(fmt::format("the run file kept in '{}' cannot be read: {}", name, error.what()));
  }
  std::vector<std::string> refused, data, taken;
  for (const auto& key : all) {
    if (key.path.starts_with("data.")) data.push_back(change_text(key));
    if (!key.allowed) refused.push_back(change_text(key));
    const bool of_this_process = key.path.starts_with("run.") || key.path.starts_with("checkpoint.");
    if (key.allowed && !of_this_process) taken.push_back(change_text(key));
  }
  if (!refused.empty())
    throw ConfigError(fmt::format("cannot go on from '{}' with another: {}", name, fmt::join(refused, "; ")));
  if (checkpoint.data_hash != data_hash_) {
    throw DataError(fmt::format(
        "cannot go on from '{}' with other data: the training and validation rows hash to {:016x}, those of the "
        "checkpoint to {:016x}{}{}",
        name, data_hash_, checkpoint.data_hash, data.empty() ? "" : "; ", fmt::join(data, "; ")));
  }
  try {
    const auto& run = problem_.run;
    std::vector<MemberSpec> members;
    if (run.ensemble.members > 0) members = members_of(run.ensemble, run.run.seed, run.model, run.training);
    check_resumable(checkpoint.training, run.model, run.device.precision, run.training, problem_.plan, run.run.seed,
                    members);
  } catch (const ConfigError& error) {
    throw ConfigError(fmt::format("'{}': {}", name, error.what()));
  }
  return taken;
}

bool Checkpoints::begin() {
  if (problem_.run.checkpoint.keep == 0) return false;
  folder_.open();
  // All ranks have read by now what they go on from. Left where it was, `keep` would remove it in time.
  for (const auto& file : damaged_) {
    console_.warn(fmt::format("'{}' is kept as '{}'", file.string(), folder_.set_aside(file).filename().string()));
  }
  damaged_.clear();
  return true;
}

void Checkpoints::write(const TrainingState& state, const std::vector<Progress>& log) {
  const auto start = Clock::now();
  try {
    last_ = folder_.write({state, log, run_file_, data_hash_});
  } catch (const IoError& error) {
    const bool first = failure_.empty();
    failure_ = fmt::format("no checkpoint of step {}: {}", state.steps_done, error.what());
    if (first) console_.warn(failure_);
    return;
  }
  failure_.clear();
  ++count_;
  last_step_ = state.steps_done;
  if (count_ > 1 && Clock::now() - said_ < between_lines) return;
  said_ = Clock::now();
  console_.say("  checkpoint of step {} written: {}, {} in {:.3f} s", state.steps_done, last_.path.filename().string(),
               bytes_text(static_cast<double>(last_.bytes)), seconds_since(start));
}

void Checkpoints::record(Json& record) const {
  record["checkpoints"] = {{"written", count_}};
  if (count_ == 0) return;
  record["checkpoints"]["last"] = last_.path.filename().string();
  record["checkpoints"]["last_step"] = last_step_;
  record["checkpoints"]["bytes"] = last_.bytes;
}

void Checkpoints::require_last() const {
  if (!failure_.empty()) throw IoError(failure_);
}

}  // namespace sinter::app
