// The program `sinter`: reads the command line, runs one subcommand, and turns errors into exit codes
// (docs/exit-codes.md).
#include <charconv>
#include <cstdio>
#include <exception>
#include <functional>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <sinter/app/commands.hpp>
#include <sinter/app/deadline.hpp>
#include <sinter/app/exit_codes.hpp>
#include <sinter/app/ranks.hpp>
#include <sinter/app/run_record.hpp>
#include <sinter/runtime/base/version.hpp>

namespace {

using namespace sinter;
using namespace sinter::app;

/// An unset shell variable in place of a path must not silently mean the default.
std::string not_empty(const std::string& text) { return text.empty() ? "must not be empty" : ""; }

/// Checks for CLI11, whose own ranges print the largest number in full.
template <class Number>
auto not_negative(const char* expected) {
  return [expected](const std::string& text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool good = error == std::errc{} && end == text.data() + text.size() && value >= 0;
    return good ? std::string() : fmt::format("'{}'; expected {}", text, expected);
  };
}

struct CommandLine {
  CLI::App app{"Sinter trains and evaluates neural networks with fused Kokkos kernels.", "sinter"};
  bool quiet = false, json = false;
  TrainOptions train;
  PredictOptions predict;
  PlanOptions plan;
  BenchOptions bench;
  InfoOptions info;
  StudyOptions study;
  CompareOptions compare;
  std::function<int(Console&)> command;

  CommandLine() {
    app.set_version_flag("--version", std::string("sinter ") + version(), "Print the version and exit");
    app.set_help_flag("-h,--help", "Print this help and exit");
    app.require_subcommand(1);
    app.footer(
        "Examples:\n"
        "  sinter train inputs/uat.yaml\n"
        "  sinter train inputs/uat.yaml --set training.epochs=500 --set device.space=openmp --output runs/short\n"
        "  sinter predict runs/uat/model.h5 --data points.csv --output predictions.csv\n"
        "  sinter plan inputs/wide_regression.yaml\n"
        "  sinter bench --quick\n"
        "  sinter info --json\n"
        "  sinter study inputs/scaling/*.yaml\n\n"
        "Exit codes: 0 done; 2 command line, 3 run file, 4 data, 5 shapes, 6 not built or not usable here, 7 not "
        "finite,\n"
        "8 files, 9 budget, 10 points of a study failed, 11 stopped without a checkpoint, 1 a defect or a slower\n"
        "point; 75 stopped with everything written, work remains, 130 ended at once (docs/exit-codes.md).");
    add_train();
    add_predict();
    add_plan();
    add_bench();
    add_info();
    add_study();
  }

  /// CLI11 tells of a misspelt command only that none was given.
  std::string explain(const CLI::ParseError& error, int argc, char** argv) {
    if (argc < 2 || argv[1][0] == '-' || !app.get_subcommands().empty()) return error.what();
    std::vector<std::string> names;
    for (const auto* sub : app.get_subcommands({})) names.push_back(sub->get_name());
    return fmt::format("unknown command '{}'; allowed: {}", argv[1], fmt::join(names, ", "));
  }

  /// Where options choose the device, a complaint about it names these instead of the keys of a run file.
  [[nodiscard]] std::string in_words_of_options(const std::string& complaint) const {
    const bool has_run_file = app.got_subcommand("train") || app.got_subcommand("plan") || !bench.run_file.empty();
    for (const auto& [key, option] : {std::pair{"device.space: ", "--space: "}, {"device.threads: ", "--threads: "}})
      if (!has_run_file && complaint.starts_with(key))
        return fmt::format("{}{}", option, complaint.substr(std::string_view(key).size()));
    return complaint;
  }

  CLI::App* add(const char* name, const char* description, const char* examples, int (*run)(CommandLine&, Console&)) {
    auto* sub = app.add_subcommand(name, description);
    sub->footer(examples);
    sub->add_flag("--quiet", quiet, "Print errors only");
    sub->add_flag("--json", json, "Print the result as JSON on standard output, and nothing else there")
        ->excludes("--quiet");
    sub->callback([this, run] { command = [this, run](Console& console) { return run(*this, console); }; });
    return sub;
  }

  void add_study() {
    auto* sub = add(
        "study", "Measure scaling studies, or compare two",
        "Examples:\n  sinter study inputs/scaling/*.yaml\n  sinter study inputs/scaling/width_sweep.yaml --dry-run\n"
        "  sinter study compare studies/before studies/after\n\n"
        "A study that was interrupted goes on with what is missing when the same command is given again.",
        [](CommandLine& self, Console& console) {
          if (self.app.get_subcommand("study")->got_subcommand("compare")) return app::compare(self.compare, console);
          if (self.study.files.empty()) throw UsageError("study: FILE.yaml is required, or compare BEFORE AFTER");
          return app::study(self.study, console);
        });
    sub->add_option("FILE.yaml", study.files, "Study files (docs/studies.md)");
    sub->add_option("--set", study.overrides, "Override a key of the study file: KEY=VALUE, a.b=c; may be repeated")
        ->allow_extra_args(false)
        ->option_text("KEY=VALUE ...");
    sub->add_option("-o,--output", study.output, "Output folder instead of study.output")
        ->option_text("DIR")
        ->check(not_empty);
    sub->add_flag("--dry-run", study.dry_run, "List the points with their commands, and run nothing");
    sub->add_flag("--retry", study.retry, "Measure again what failed");
    sub->add_flag("--no-plots", study.no_plots, "Draw no plots");
    auto* both = sub->add_subcommand("compare", "Say which points of a study got slower or faster beyond noise");
    both->footer("Exit code 1 where a point got slower, 10 where points failed or are missing in AFTER.");
    both->add_option("BEFORE", compare.before, "Folder of a study, or its study.json")->required();
    both->add_option("AFTER", compare.after, "The same of the one to compare with it")->required();
    both->add_option("--threshold", compare.threshold, "Relative change that counts")
        ->option_text("SHARE [0.03]")
        ->check(not_negative<double>("a share >= 0, such as 0.03 for 3 %"));
    both->add_flag("--quiet", quiet, "Print errors only");
    both->add_flag("--json", json, "Print the result as JSON on standard output, and nothing else there")
        ->excludes("--quiet");
  }

  static void add_run_file(CLI::App* sub, std::string& run_file, std::vector<std::string>& overrides) {
    sub->add_option("RUN.yaml", run_file, "Run file (docs/run-file.md)")->required();
    sub->add_option("--set", overrides, "Override a key of the run file: KEY=VALUE, a.b=c; may be repeated")
        ->allow_extra_args(false)
        ->option_text("KEY=VALUE ...");
  }

  static void add_device(CLI::App* sub, std::string& space, int& threads) {
    sub->add_option("--space", space, "Where to compute: a space of `sinter info`, or auto")
        ->option_text("SPACE [auto]");
    sub->add_option("--threads", threads, "Threads of a host space; 0: all that the process may use")
        ->check(not_negative<int>("a whole number >= 0"))
        ->option_text("N [0]");
  }

  void add_train() {
    auto* sub = add(
        "train", "Train a model as a run file says",
        "Examples:\n  sinter train inputs/uat.yaml\n"
        "  sinter train inputs/uat.yaml --set training.epochs=500 --set 'model.hidden=[32, 32]' --output runs/wide\n"
        "  mpirun -n 4 sinter train run.yaml\n\n"
        "Ctrl-C, SIGTERM and SIGUSR1 end the run after the step under way with a checkpoint and everything written\n"
        "(exit code 75); --set checkpoint.resume=auto goes on from there. A second Ctrl-C ends it at once.",
        [](CommandLine& self, Console& console) { return app::train(self.train, console); });
    add_run_file(sub, train.run_file, train.overrides);
    sub->add_option("-o,--output", train.output, "Output folder instead of run.output")
        ->option_text("DIR")
        ->check(not_empty);
    sub->add_flag("--no-plots", train.no_plots, "Draw no plots");
    sub->add_option_function<std::string>(
           "--time-limit", [this](const std::string& text) { train.time_limit_s = *parse_time_limit(text); },
           "Stop as by a signal after so long; checkpoint and results come on top. In a Slurm job the job's end sets a "
           "limit, too")
        ->check([](const std::string& text) {
          return parse_time_limit(text) ? std::string() : "'" + text + "'; expected SECONDS or HH:MM:SS, above zero";
        })
        ->option_text("SECONDS|HH:MM:SS");
  }

  void add_predict() {
    auto* sub = add("predict", "Apply a saved model to the features in a file",
                    "Examples:\n  sinter predict runs/uat/model.h5 --data points.csv --output predictions.csv\n"
                    "  sinter predict model.h5 --data houses.csv --features age,distance | head",
                    [](CommandLine& self, Console& console) { return app::predict(self.predict, console); });
    sub->add_option("MODEL", predict.model, "Model file, as train wrote it")->required();
    sub->add_option("-d,--data", predict.data, "File with the features (docs/data.md)")
        ->required()
        ->option_text("FILE");
    sub->add_option("-o,--output", predict.output, "CSV file for the predictions; -: standard output")
        ->option_text("FILE.csv [-]")
        ->check(not_empty);
    sub->add_option("--member", predict.member,
                    "Of an ensemble: mean (of all members, with their spread), best, or a member's number")
        ->option_text("MEMBER [mean]");
    sub->add_option("--features", predict.features,
                    "Columns, names or indices from 0 (default: those that the model names)")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->option_text("A,B,...");
    sub->add_option("--format", predict.format, "Format of the data")->option_text("FORMAT [by extension]");
    sub->add_option("--header", predict.header, "CSV: whether the first line names the columns")
        ->option_text("auto|true|false [auto]");
    sub->add_option("--delimiter", predict.delimiter, "CSV: one character")->option_text("CHAR [,]");
    add_device(sub, predict.space, predict.threads);
  }

  void add_plan() {
    auto* sub = add("plan", "Print what the planner chooses for a run file, and why",
                    "Examples:\n  sinter plan inputs/uat.yaml --set training.batch=8\n"
                    "  sinter plan inputs/wide_regression.yaml --machine h100-sxm",
                    [](CommandLine& self, Console& console) { return app::plan(self.plan, console); });
    add_run_file(sub, plan.run_file, plan.overrides);
    sub->add_option("--machine", plan.machine,
                    "Plan and predict for another machine: a shipped name, or the file of a machine profile")
        ->option_text("NAME|FILE")
        ->check(not_empty);
  }

  void add_bench() {
    auto* sub = add(
        "bench", "Time training steps and predictions: a table, or the step of a run file",
        "Examples:\n  sinter bench --output runs/bench\n  sinter bench --rows 16-(64x4) --rows xor\n"
        "  sinter bench RUN.yaml --set training.fusion=layer --mode training --json\n\n"
        "Without a run file it times the networks of docs/benchmarks.md, each measurement in a process of its own, "
        "and\nwrites bench.csv, bench.json and bench.md. Let nothing else run meanwhile.",
        [](CommandLine& self, Console& console) { return app::bench(self.bench, console); });
    auto* run_file = sub->add_option("RUN.yaml", bench.run_file, "Run file whose step is timed");
    const auto of_run = [&](CLI::Option* option) { option->needs(run_file); };
    of_run(sub->add_option("--set", bench.overrides, "Override a key of the run file: KEY=VALUE; may be repeated")
               ->allow_extra_args(false)
               ->option_text("KEY=VALUE ..."));
    of_run(sub->add_option("--mode", bench.mode, "What a step is: of training, or a prediction of a batch")
               ->option_text("training|inference [training]"));
    of_run(sub->add_option("--steps", bench.steps, "Steps of a repetition; 0: as many as take 50 ms")
               ->check(not_negative<int>("a whole number >= 0"))
               ->option_text("N [0]"));
    sub->add_option("--repetitions", bench.repetitions, "How often to time it")
        ->check(CLI::Range(1, 100000))
        ->option_text("N [11]");
    sub->add_flag("--quick", bench.quick, "Repetitions of 2 ms: shows that it works, its figures are rough");
    const auto of_table = [&](CLI::Option* option) { option->excludes(run_file); };
    auto* rows = sub->add_option("--rows", bench.rows, "Only measurements with this in their name; may be repeated")
                     ->allow_extra_args(false)
                     ->option_text("TEXT ...");
    of_table(rows);
    of_table(sub->add_option("--case", bench.one_case, "Make the measurement of this name in this process")
                 ->excludes(rows)
                 ->option_text("NAME"));
    of_table(sub->add_option("--precision", bench.precision, "Precision")->option_text("float32|float64 [float32]"));
    of_table(sub->add_option("-o,--output", bench.output, "Folder for the table")
                 ->option_text("DIR [runs/bench]")
                 ->check(not_empty));
    add_device(sub, bench.space, bench.threads);
    of_table(sub->get_option("--space"));
    of_table(sub->get_option("--threads"));
  }

  void add_info() {
    auto* sub = add("info", "Print what this build and this machine can do",
                    "Examples:\n  sinter info\n  sinter info --json\n  sinter info --measure --space openmp",
                    [](CommandLine& self, Console& console) { return app::info(self.info, console); });
    auto* measure = sub->add_flag("--measure", info.measure,
                                  "Measure the peaks of a space and write the machine profile");
    sub->add_option("-o,--output", info.output, "Machine profile (default: ~/.config/sinter/machine.json)")
        ->needs(measure)
        ->option_text("FILE");
    add_device(sub, info.space, info.threads);
  }
};

int fail(ErrorKind kind, const std::string& message, Console& console) {
  return leave_ranks({exit_code(kind), message, [&] {
                        print_error(message);
                        if (!console.wants_result()) return;
                        Json record;
                        record_failure(record, kind, message);
                        console.result(record_text(record));
                      }});
}

int run(CommandLine& line, Console& console) {
  try {
    const int code = line.command(console);
    finish_output();
    return leave_ranks({code, "", {}});
  } catch (const Error& error) {
    return fail(error.kind(), line.in_words_of_options(error.what()), console);
  } catch (const std::exception& error) {
    return fail(ErrorKind::internal, error.what(), console);
  }
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine line;
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return line.app.exit(asked);
  } catch (const CLI::ParseError& error) {
    print_error(line.explain(error, argc, argv));
    std::fputs("Run with --help for more information.\n", stderr);
    return exit_code(ErrorKind::usage);
  }
  Console console(line.json ? Console::Mode::json : line.quiet ? Console::Mode::quiet : Console::Mode::report);
  return run(line, console);
}
