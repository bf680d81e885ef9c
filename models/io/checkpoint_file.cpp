#include <sinter/models/io/checkpoint_file.hpp>

#include <charconv>

#include <fmt/format.h>

#include <sinter/models/io/archive_values.hpp>
#include <sinter/models/io/file_bytes.hpp>
#include <sinter/models/io/model_file.hpp>
#include <sinter/runtime/base/version.hpp>

namespace sinter {
namespace {

// Unsigned numbers of 64 bits are stored as texts: an attribute's integer is signed.
std::string text_of(std::uint64_t value) { return fmt::to_string(value); }

std::uint64_t number_of(const std::string& name, const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    throw IoError(fmt::format("'{}' is '{}', not a number", name, text));
  return value;
}

std::uint64_t get_unsigned(const Archive& archive, const std::string& name) {
  return number_of(name, archive.get<std::string>(name));
}

std::int64_t get_count(const Archive& archive, const std::string& name, std::int64_t least) {
  const auto value = archive.get<std::int64_t>(name);
  if (value < least) throw IoError(fmt::format("'{}' is {}; allowed: >= {}", name, value, least));
  return value;
}

std::string state_name(std::size_t index) { return fmt::format("optimizer/state{}", index); }

// ---- The log: a row a point -----------------------------------------------------------------------------------------

constexpr std::int64_t log_columns = 7;

NamedArray log_array(const std::vector<Progress>& log) {
  std::vector<double> values;
  values.reserve(log.size() * log_columns);
  for (const auto& point : log) {
    values.insert(values.end(), {static_cast<double>(point.epoch), static_cast<double>(point.step), point.running_loss,
                                 point.validation_loss ? 1.0 : 0.0, point.validation_loss.value_or(0),
                                 point.learning_rate, point.elapsed_s});
  }
  auto array = array_of(values);
  array.shape = {static_cast<std::int64_t>(log.size()), log_columns};
  return array;
}

std::vector<Progress> log_of(const NamedArray& array) {
  if (array.precision != Precision::float64 || array.shape.size() != 2 || array.shape[1] != log_columns)
    throw IoError(fmt::format("'log' is {} {}", to_name(array.precision), extents(array.shape)));
  std::vector<Progress> log;
  const auto values = doubles_of(array);
  for (std::size_t at = 0; at < values.size(); at += log_columns) {
    Progress point;
    point.epoch = static_cast<std::int64_t>(values[at]);
    point.step = static_cast<std::int64_t>(values[at + 1]);
    point.running_loss = values[at + 2];
    if (values[at + 3] != 0) point.validation_loss = values[at + 4];
    point.learning_rate = values[at + 5];
    point.elapsed_s = values[at + 6];
    log.push_back(point);
  }
  return log;
}

// ---- The members of an ensemble: a column a value ------------------------------------------------------------------

const std::string members_name = "ensemble/members";

void put_members(Archive& archive, const TrainingState& state) {
  auto& values = archive.values;
  std::vector<std::string> seeds, optimizers;
  std::vector<double> epoch_loss, step_loss, nonfinite_step;
  for (const auto& member : state.members) {
    seeds.push_back(text_of(member.seed));
    optimizers.emplace_back(to_name(member.optimizer));
    epoch_loss.push_back(member.epoch_loss);
    step_loss.push_back(member.step_loss);
    nonfinite_step.push_back(static_cast<double>(member.nonfinite_step));
  }
  values[members_name] = std::int64_t{std::ssize(state.members)};
  values["ensemble/seed"] = seeds;
  values["ensemble/optimizer"] = optimizers;
  values["ensemble/epoch_loss"] = array_of(epoch_loss);
  values["ensemble/step_loss"] = array_of(step_loss);
  values["ensemble/nonfinite_step"] = array_of(nonfinite_step);
  values["ensemble/parameters"] = state.member_parameters;
}

std::vector<MemberState> get_members(const Archive& archive) {
  const auto count = get_count(archive, members_name, 1);
  const auto texts = [&](const std::string& name) -> const std::vector<std::string>& {
    const auto& list = archive.get<std::vector<std::string>>(name);
    if (std::ssize(list) != count)
      throw IoError(fmt::format("'{}' holds {} texts for {} members", name, list.size(), count));
    return list;
  };
  const auto numbers = [&](const std::string& name) {
    return doubles_of(checked_array(archive, name, {count}, Precision::float64));
  };
  const auto &seeds = texts("ensemble/seed"), &optimizers = texts("ensemble/optimizer");
  const auto epoch_loss = numbers("ensemble/epoch_loss"), step_loss = numbers("ensemble/step_loss"),
             nonfinite_step = numbers("ensemble/nonfinite_step");
  std::vector<MemberState> members(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto optimizer = from_name<Optimizer>(optimizers[i]);
    if (!optimizer) throw IoError(fmt::format("'ensemble/optimizer' holds '{}'", optimizers[i]));
    members[i] = {number_of("ensemble/seed", seeds[i]), *optimizer, epoch_loss[i], step_loss[i],
                  static_cast<std::int64_t>(nonfinite_step[i])};
  }
  return members;
}

// ---- The training ---------------------------------------------------------------------------------------------------

void put_training(Archive& archive, const TrainingState& state) {
  auto& values = archive.values;
  put_model(archive, state.model);
  values["optimizer/type"] = std::string(to_name(state.optimizer));
  values["optimizer/states"] = std::int64_t{std::ssize(state.optimizer_state)};
  for (std::size_t i = 0; i < state.optimizer_state.size(); ++i) values[state_name(i)] = state.optimizer_state[i];
  values["plan/level"] = std::string(to_name(state.level));
  values["plan/training_rows"] = state.training_rows;
  values["plan/batch"] = state.batch;
  values["plan/chunks"] = state.chunks;
  values["plan/steps_per_epoch"] = state.steps_per_epoch;
  values["training/seed"] = text_of(state.seed);
  values["training/steps"] = state.steps_done;
  values["training/epochs"] = state.epochs_done();                              // for people
  values["training/step_of_epoch"] = state.steps_done % state.steps_per_epoch;  // for people
  values["training/phase"] = std::string(to_name(state.phase));
  values["training/epoch_loss"] = state.epoch_loss;
  values["training/step_loss"] = state.step_loss;
  values["training/seconds"] = state.training_s;
  values["best/epoch"] = state.best_epoch;
  values["best/loss"] = state.best_loss;
  if (state.best_epoch > 0) values["best/parameters"] = state.best_parameters;
  if (!state.members.empty()) put_members(archive, state);
}

TrainingState get_training(const Archive& archive) {
  TrainingState state;
  state.model = get_model(archive);
  const bool ensemble = archive.values.contains(members_name);
  if (ensemble) state.members = get_members(archive);
  const auto parameters = [&](const std::string& name) {
    std::vector<std::int64_t> shape{state.model.spec.parameter_count()};
    if (ensemble) shape.insert(shape.begin(), std::ssize(state.members));
    return checked_array(archive, name, shape, state.model.precision);
  };
  if (ensemble) state.member_parameters = parameters("ensemble/parameters");
  state.optimizer = named<Optimizer>(archive, "optimizer/type");
  const auto states = get_count(archive, "optimizer/states", 0);
  for (std::size_t i = 0; std::cmp_less(i, states); ++i) state.optimizer_state.push_back(parameters(state_name(i)));
  state.level = named<Fusion>(archive, "plan/level");
  state.training_rows = get_count(archive, "plan/training_rows", 1);
  state.batch = get_count(archive, "plan/batch", 1);
  state.chunks = get_count(archive, "plan/chunks", 1);
  state.steps_per_epoch = get_count(archive, "plan/steps_per_epoch", 1);
  state.seed = get_unsigned(archive, "training/seed");
  state.steps_done = get_count(archive, "training/steps", 0);
  state.phase = named<TrainingPhase>(archive, "training/phase");
  state.epoch_loss = archive.get<double>("training/epoch_loss");
  state.step_loss = archive.get<double>("training/step_loss");
  state.training_s = archive.get<double>("training/seconds");
  state.best_epoch = get_count(archive, "best/epoch", 0);
  state.best_loss = archive.get<double>("best/loss");
  if (state.best_epoch > 0) state.best_parameters = parameters("best/parameters");
  return state;
}

}  // namespace

std::uint64_t save_checkpoint(const Checkpoint& checkpoint, const std::filesystem::path& path) {
  Archive archive{"checkpoint", checkpoint.training.members.empty() ? 1 : checkpoint_format, {}};
  auto& values = archive.values;
  values["format_version"] = std::int64_t{archive.format};
  values["sinter_version"] = std::string(version());
  put_training(archive, checkpoint.training);
  values["log"] = log_array(checkpoint.log);
  values["run_file"] = std::vector<std::string>{checkpoint.run_file};
  values["data_hash"] = text_of(checkpoint.data_hash);
  const auto bytes = archive_bytes(archive);
  write_file(path, bytes);
  return bytes.size();
}

Checkpoint load_checkpoint(const std::filesystem::path& path) {
  const auto archive = read_archive(path, "checkpoint", checkpoint_format);
  try {
    Checkpoint checkpoint;
    checkpoint.training = get_training(archive);
    checkpoint.log = log_of(archive.get<NamedArray>("log"));
    const auto& text = archive.get<std::vector<std::string>>("run_file");
    if (text.size() != 1) throw IoError(fmt::format("'run_file' holds {} texts", text.size()));
    checkpoint.run_file = text.front();
    checkpoint.data_hash = get_unsigned(archive, "data_hash");
    return checkpoint;
  } catch (const Error& error) {
    throw IoError(fmt::format("cannot read '{}': {}", path.string(), error.what()));
  }
}

}  // namespace sinter
