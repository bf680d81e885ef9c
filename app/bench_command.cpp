// sinter bench: times steps. With a run file those of that run, in this process; without one the table of
// docs/benchmarks.md, each measurement in a process of its own.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>

#include <nlohmann/json.hpp>

#include <sinter/app/bench_record.hpp>
#include <sinter/app/bench_table.hpp>
#include <sinter/app/child_process.hpp>
#include <sinter/app/commands.hpp>
#include <sinter/app/host_facts.hpp>
#include <sinter/app/module_loader.hpp>
#include <sinter/app/output_folder.hpp>
#include <sinter/app/problem.hpp>
#include <sinter/app/ranks.hpp>

namespace sinter::app {
namespace {

constexpr const char* start_up_case = "start-up";
constexpr int start_ups = 7;

/// Settings that would make OpenBLAS slower than it is; it reads them when it is loaded.
void clear_openblas_settings(Console& console) {
  for (const auto* variable : {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS"}) {
    if (std::getenv(variable) == nullptr) continue;
    console.warn(
        fmt::format("{} is ignored: level none is a fair baseline only where OpenBLAS chooses itself", variable));
    ::unsetenv(variable);
  }
}

/// The best code that OpenBLAS has for this processor, where it is older than the processor: such a version falls back to
/// code without wide vectors. "" where it chose well by itself, or where nothing better is known.
std::string better_openblas_code(const std::string& products) {
  if (products.find(openblas_fallback) == products.npos) return "";
  const auto features = cpu_features();
  const auto has = [&](std::initializer_list<const char*> wanted) {
    return std::ranges::all_of(wanted, [&](const char* feature) { return features.contains(feature); });
  };
  if (has({"avx512f", "avx512bw", "avx512dq", "avx512vl"})) return "SkylakeX";
  return has({"avx2", "fma"}) ? "Haswell" : "";
}

struct OpenedBackend {
  Choice choice;
  std::unique_ptr<backend::Backend> backend;
};

Precision precision_of(const BenchOptions& options) {
  const auto precision = from_name<Precision>(options.precision);
  if (!precision)
    throw UsageError(fmt::format("--precision: '{}'; allowed: {}", options.precision, list_names<Precision>()));
  return *precision;
}

/// No fallback, whatever a run file says: a figure belongs to the space that was asked for.
OpenedBackend open(DeviceSpec device) {
  device.allow_fallback = false;
  const auto machine = this_machine();
  auto choice = choose_module(device, read_modules(module_folders(), machine), machine);
  auto opened = open_backend(choice, device);
  return {std::move(choice), std::move(opened)};
}

Json measured(const std::string& name, const DeviceSpec& device, const backend::MeasureRequest& request) {
  Communicator& ranks = request.communicator == nullptr ? single_process() : *request.communicator;
  const int cpus = cpus_of_node(ranks);
  const auto opened = open(device);
  BenchResult result;
  result.name = name;
  result.choice = opened.choice;
  check(opened.backend->measure(request, result.measurement));
  const auto level = result.measurement.plan.level;
  if (request.training.fusion != Fusion::automatic && level != request.training.fusion) {
    throw InternalError(
        fmt::format("level {} was asked for, and {} was timed", to_name(request.training.fusion), to_name(level)));
  }
  result.problem = {request.model,
                    request.training,
                    request.precision,
                    request.settings.mode,
                    request.training_rows > 0 ? request.training_rows : request.train.features.rows,
                    {}};
  if (request.ensemble.members > 0) {
    result.problem.members = optimizers_of(members_of(request.ensemble, request.seed, request.model, request.training));
  }
  result.problem.training.fusion = level;
  check(opened.backend->device_info(result.device));
  check(opened.backend->measure_peaks(result.peaks));  // after the steps: the first of them is to find nothing warm
  result.ranks = ranks.size();
  result.peak_memory_bytes = largest(ranks, peak_memory_bytes());
  result.oversubscribed = device_kind_of(result.device.space) == DeviceKind::host &&
                          ranks.local_size() * result.device.concurrency > cpus;
  for (double* peak : {&result.peaks.fma_gflops_float32, &result.peaks.fma_gflops_float64, &result.peaks.triad_gb_s})
    *peak *= result.ranks;  // all measure at the same time
  return bench_record(result);
}

MeasureSettings settings_of(const BenchOptions& options, MeasureMode mode) {
  return {mode, options.repetitions, options.steps, options.quick ? 0.002 : 0.05};
}

int bench_run_file(const BenchOptions& options, Console& console) {
  const auto mode = from_name<MeasureMode>(options.mode);
  if (!mode) throw UsageError(fmt::format("--mode: '{}'; allowed: {}", options.mode, list_names<MeasureMode>()));
  Communicator& ranks = join_ranks(console);
  auto run_file = read_run_file(options.run_file, options.overrides);
  const auto choice = with_places(run_file.places, [&] { return choose_module_of_rank(run_file.device, ranks); });
  const auto problem = load_problem(std::move(run_file), device_kind_of(choice.space), ranks);
  const auto& [run, data, plan] = problem;
  console.say("timing {} of {}: {}, {} ...", to_name(*mode), run.run.name, model_text(run.model),
              to_name(run.device.precision));
  const backend::MeasureRequest request{run.run.seed,
                                        run.model,
                                        run.training,
                                        run.normalize,
                                        run.device.precision,
                                        data.view(data.train),
                                        settings_of(options, *mode),
                                        run.ensemble,
                                        &ranks,
                                        data.training_rows};
  const auto record = with_places(problem.run.places,
                                  [&] { return measured(problem.run.run.name, problem.run.device, request); });
  console.say(bench_line(record));
  const auto products = record["device"]["products_of_level_none"].get<std::string>();
  if (record["level"] == to_name(Fusion::none) && products.find(openblas_fallback) != products.npos)
    console.warn(
        fmt::format("{} made the products: it does not know this processor, and is slower than it could be", products));
  console.result(record_text(record));
  return 0;
}

/// In a child process of the table: one measurement of it, or nothing but a backend.
int bench_one(const BenchOptions& options, Console& console) {
  const DeviceSpec device{options.space, options.threads, precision_of(options), false};
  if (options.one_case == start_up_case) {
    backend::DeviceInfo info;
    check(open(device).backend->device_info(info));
    console.result(record_text({{"space", info.space}, {"threads", info.concurrency}, {"products", info.products}}));
    return 0;
  }
  const auto wanted = bench_case(options.one_case);
  const auto& network = *wanted.network;
  const auto data = network.data();
  auto training = network.training;
  training.fusion = wanted.level;
  EnsembleSpec ensemble;
  if (network.members > 1) ensemble.members = network.members;
  const auto record = measured(wanted.name(), device,
                               {1,
                                network.model,
                                training,
                                {},
                                device.precision,
                                data.view(data.train),
                                settings_of(options, wanted.mode),
                                ensemble});
  console.say(bench_line(record));
  console.result(record_text(record));
  return 0;
}

ChildOutcome child(const BenchOptions& options, const std::string& name, bool one_thread) {
  std::vector<std::string> arguments{"bench",
                                     "--case",
                                     name,
                                     "--space",
                                     options.space,
                                     "--threads",
                                     one_thread ? "1" : fmt::to_string(options.threads),
                                     "--precision",
                                     options.precision,
                                     "--repetitions",
                                     fmt::to_string(options.repetitions),
                                     "--json"};
  if (options.quick) arguments.emplace_back("--quick");
  arguments.insert(arguments.begin(), executable_path().string());
  auto outcome = run_child(arguments);
  std::fputs(outcome.err.c_str(), stderr);
  if (outcome.exit != 0) {
    const auto record = Json::parse(outcome.out, nullptr, false);
    const auto message = record.is_object() && record.contains("error") ? record["error"]["message"].get<std::string>()
                         : outcome.signal != 0 ? fmt::format("its process was ended by signal {}", outcome.signal)
                                               : fmt::format("its process ended with {}", outcome.exit);
    throw Error(outcome.exit > 0 && outcome.exit <= static_cast<int>(ErrorKind::budget)
                    ? static_cast<ErrorKind>(outcome.exit)
                    : ErrorKind::internal,
                fmt::format("{}: {}", name, message));
  }
  return outcome;
}

int bench_table(const BenchOptions& options, Console& console) {
  OutputFolder folder(options.output);
  StartUp start_up;
  Json first;
  for (int r = 0; r < (options.quick ? 1 : start_ups); ++r) {
    const auto outcome = child(options, start_up_case, false);
    start_up.seconds.push_back(outcome.elapsed_s);
    first = Json::parse(outcome.out);
  }
  const auto told = better_openblas_code(first["products"].get<std::string>());
  if (!told.empty()) ::setenv("OPENBLAS_CORETYPE", told.c_str(), 1);  // for the processes that follow
  std::vector<BenchRefusal> refused;
  const auto space = first["space"].get<std::string>();
  const bool on_host = device_kind_of(space) == DeviceKind::host;
  const int threads = on_host ? first["threads"].get<int>() : 1;
  const auto cases = bench_cases(options.rows, precision_of(options), threads, refused);
  console.say("{} measurements on {}{}, {}", cases.size(), space,
              on_host ? fmt::format(" with {} threads", threads) : "", options.precision);
  Json records = Json::array();
  for (std::size_t c = 0; c < cases.size(); ++c) {
    const auto name = cases[c].name();
    console.transient(fmt::format("  {}/{} {} ...", c + 1, cases.size(), name));
    auto record = Json::parse(child(options, name, cases[c].one_thread).out);
    record["network"] = cases[c].network->name;
    record["one_thread"] = cases[c].one_thread;
    console.say("  {:>2}/{} {}", c + 1, cases.size(), bench_line(record));
    records.push_back(std::move(record));
  }
  auto summary = bench_summary(std::move(records), refused, start_up);
  summary["openblas_told"] = told;
  folder.write("bench.csv", bench_csv(summary));
  folder.write("bench.json", record_text(summary));
  folder.write("bench.md", bench_markdown(summary));
  console.say("\n{}", bench_markdown(summary));
  console.say("written to {}", folder.path().string());
  console.result(record_text(summary));
  return 0;
}

}  // namespace

int bench(const BenchOptions& options, Console& console) {
  if (!options.one_case.empty()) return bench_one(options, console);
  clear_openblas_settings(console);
  if (!options.run_file.empty()) return bench_run_file(options, console);
  return bench_table(options, console);
}

}  // namespace sinter::app
