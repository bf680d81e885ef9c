// The whole way through with the modules that were built: from a run file to predictions by the saved model.
#include "program.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <sinter/models/io/model_file.hpp>

using namespace sinter;
using test::Program;

namespace {

const std::string uat = SINTER_SOURCE_DIR "/inputs/uat.yaml";

}  // namespace

TEST_CASE("the universal-approximation job puts six of six test points right") {
  Program sinter(Program::Modules::built);
  const auto run = sinter({"train", uat, "--output", "results", "--no-plots"});
  INFO(run.err << run.out);
  REQUIRE(run.code == 0);
  CHECK(run.says("6 of 6 right"));
  const auto record = sinter.json("results/run.json");
  CHECK(record["status"] == "completed");
  CHECK(record["metrics"]["test"]["accuracy"] == 1.0);
  CHECK(record["steady_state"]["fences"] == 0);
  CHECK(record["steady_state"]["copies"] == 0);
  CHECK(record["steady_state"]["allocations"] == 0);
}

TEST_CASE("the same seed gives the same bits, whatever the threads") {
  Program sinter(Program::Modules::built);
  const auto hash = [&](const std::string& threads) {
    const auto run = sinter({"train", uat, "--json", "--no-plots", "--set", "run.output=results", "--set",
                             "training.epochs=200", "--set", "device.threads=" + threads});
    INFO(run.err);
    REQUIRE(run.code == 0);
    return test::Json::parse(run.out)["parameters"]["xxh64"].get<std::string>() +
           test::contents(sinter.file("results/model.h5"));
  };
  const auto one = hash("1");
  CHECK(hash("1") == one);
  CHECK(hash("2") == one);
}

TEST_CASE("training rows that stay on the host give the same bits, and the record tells of their windows") {
  Program sinter(Program::Modules::built);
  const auto record = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"train",
                                       SINTER_SOURCE_DIR "/inputs/wide_regression.yaml",
                                       "--output",
                                       "results",
                                       "--no-plots",
                                       "--set",
                                       "training.epochs=2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto run = sinter(arguments);
    INFO(run.err << run.out);
    REQUIRE(run.code == 0);
    CHECK(run.says("training rows stay on the host") == !more.empty());
    return sinter.json("results/run.json");
  };
  const auto resident = record({}),
             streamed = record({"--set", "training.stream=always", "--set", "training.stream_mib=0.01"});
  CHECK(streamed["parameters"]["xxh64"] == resident["parameters"]["xxh64"]);
  CHECK(streamed["metrics"] == resident["metrics"]);
  CHECK_FALSE(resident.contains("stream"));
  CHECK(streamed["stream"]["windows"] > 2);
  CHECK(streamed["stream"]["window_bytes"] > 0);
}

TEST_CASE("a saved model predicts what the run predicted, bit for bit") {
  Program sinter(Program::Modules::built);
  REQUIRE(sinter({"train", uat, "--output", "results", "--no-plots", "--quiet", "--set", "training.epochs=100"}).code ==
          0);
  const auto run = sinter({"predict", "results/model.h5", "--data", "results/predictions.csv"});
  INFO(run.err);
  REQUIRE(run.code == 0);
  const auto last_column = [](const std::string& text) {
    std::string column;
    for (std::size_t line = 0; line < text.size(); line = text.find('\n', line) + 1) {
      const auto end = text.find('\n', line);
      column += text.substr(text.rfind(',', end) + 1, end - text.rfind(',', end));
    }
    return column;
  };
  CHECK(last_column(test::contents(sinter.file("results/predictions.csv"))) == run.out);
}

TEST_CASE("an ensemble leaves a table, its best member, and mean and spread of the predictions") {
  Program sinter(Program::Modules::built);
  const auto run = sinter({"train", SINTER_SOURCE_DIR "/inputs/ensemble.yaml", "--output", "results", "--no-plots",
                           "--set", "training.epochs=300"});
  INFO(run.err << run.out);
  REQUIRE(run.code == 0);
  const auto record = sinter.json("results/run.json");
  const int best = record["ensemble"]["best"];
  const auto member = fmt::format("\n{},", best);
  CHECK(record["ensemble"]["members"] == 16);
  CHECK(record["ensemble"]["lost"] == 0);
  CHECK(record["steady_state"]["launches"] == 1);
  CHECK(run.says(fmt::format("metrics of member {}, the best", best)));
  const auto table = test::contents(sinter.file("results/ensemble.csv"));
  CHECK(std::count(table.begin(), table.end(), '\n') == 17);
  CHECK(table.find(member) != std::string::npos);
  CHECK(test::contents(sinter.file("results/predictions.csv"))
            .starts_with("x,y,actual_inside,predicted_inside,spread_inside\n"));

  // The saved model predicts what the run predicted, bit for bit: mean and spread, or one member.
  const auto predictions = test::contents(sinter.file("results/predictions.csv"));
  const auto columns = [](const std::string& text, std::size_t first) {
    std::string kept;
    for (std::size_t line = 0; line < text.size(); line = text.find('\n', line) + 1) {
      std::size_t from = line;
      for (std::size_t column = 0; column < first; ++column) from = text.find(',', from) + 1;
      kept += text.substr(from, text.find('\n', line) + 1 - from);
    }
    return kept;
  };
  const auto predict = [&](const std::string& chosen) {
    const auto done = sinter({"predict", "results/model.h5", "--data", "results/predictions.csv", "--member", chosen});
    INFO(done.err);
    CHECK(done.code == 0);
    return done.out;
  };
  CHECK(predict("mean") == columns(predictions, 3));
  CHECK(predict("best") == predict(std::to_string(best)));
  CHECK(predict("best").starts_with("predicted_inside\n"));
  CHECK(predict("0") != predict("1"));

  // The mean and the sample standard deviation of what the members predict one by one.
  const auto values = [&predict](const std::string& chosen, std::size_t column) {
    std::istringstream lines(predict(chosen));
    std::vector<double> read;
    std::string line;
    for (std::getline(lines, line); std::getline(lines, line);) {
      for (std::size_t c = 0; c < column; ++c) line.erase(0, line.find(',') + 1);
      read.push_back(std::stod(line));
    }
    return read;
  };
  const auto mean = values("mean", 0), spread = values("mean", 1);
  std::vector<std::vector<double>> members;
  for (int m = 0; m < 16; ++m) members.push_back(values(std::to_string(m), 0));
  REQUIRE(!mean.empty());
  double widest = 0;
  for (std::size_t r = 0; r < mean.size(); ++r) {
    double sum = 0, squares = 0;
    for (const auto& predicted : members) sum += predicted[r];
    for (const auto& predicted : members) squares += (predicted[r] - sum / 16) * (predicted[r] - sum / 16);
    widest = std::max({widest, std::abs(mean[r] - sum / 16), std::abs(spread[r] - std::sqrt(squares / 15))});
  }
  CHECK(widest < 1e-6);
  CHECK(sinter({"predict", "results/model.h5", "--data", "results/predictions.csv", "--member", "16"}).code == 2);
  const auto told = sinter(
      {"predict", "results/model.h5", "--data", "results/predictions.csv", "--output", "p.csv", "--json"});
  CHECK(test::Json::parse(told.out)["ensemble"] ==
        test::Json{{"members", 16}, {"lost", 0}, {"best", best}, {"member", "mean"}});

  // The best member is what a run with its seed and learning rate alone gives, bit for bit.
  const auto model = load_model(sinter.file("results/model.h5"));
  const auto row = table.substr(table.find(member) + 1);
  std::vector<std::string> cells(1);
  for (const char c : row.substr(0, row.find('\n'))) {
    if (c == ',') {
      cells.emplace_back();
    } else {
      cells.back().push_back(c);
    }
  }
  REQUIRE(sinter({"train", uat, "--output", "alone", "--no-plots", "--quiet", "--set", "training.epochs=300", "--set",
                  "run.seed=" + cells[1], "--set", "training.optimizer.learning_rate=" + cells[4]})
              .code == 0);
  CHECK(parameter_hash(load_model(sinter.file("alone/model.h5"))) == parameter_hash(model));
}

TEST_CASE("an ensemble in slices ends with the bits of one run, and another ensemble does not go on from it") {
  Program sinter(Program::Modules::built);
  const auto train = [&](const std::string& output, const std::vector<std::string>& settings) {
    std::vector<std::string> arguments{"train",     SINTER_SOURCE_DIR "/inputs/ensemble.yaml",
                                       "--output",  output,
                                       "--set",     "training.epochs=50",
                                       "--set",     "training.batch=8",
                                       "--no-plots"};
    for (const auto& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
    return sinter(arguments);
  };
  REQUIRE(train("whole", {"device.threads=1"}).code == 0);
  const auto steps = sinter.json("whole/run.json")["steps"].get<int>();
  int code = 75, slices = 0;
  for (; code == 75 && slices < 9; ++slices) {
    const auto run = train("results",
                           {"checkpoint={resume: auto, keep: 1}", fmt::format("device.threads={}", 1 + slices % 2),
                            fmt::format("run.stop_after_steps={}", steps / 3 - 1)});
    INFO(run.err << run.out);
    code = run.code;
    if (code == 75)
      CHECK(run.says(fmt::format("stopped by run.stop_after_steps; --set checkpoint.resume=auto goes on from step {}\n",
                                 (slices + 1) * (steps / 3 - 1))));
  }
  CHECK(code == 0);
  CHECK(slices == 4);
  for (const auto* file : {"model.h5", "ensemble.csv", "predictions.csv"}) {
    CAPTURE(file);
    CHECK(test::contents(sinter.file(std::string("whole/") + file)) ==
          test::contents(sinter.file(std::string("results/") + file)));
  }
  const auto log = [&](const std::string& output) {  // without its times
    std::string text;
    const auto metrics = test::contents(sinter.file(output + "/metrics.csv"));
    for (std::size_t line = 0; line < metrics.size(); line = metrics.find('\n', line) + 1)
      text += metrics.substr(line, metrics.rfind(',', metrics.find('\n', line)) - line) + "\n";
    return text;
  };
  CHECK(log("whole") == log("results"));

  const auto refused = train("results", {"checkpoint.resume=auto", "ensemble={members: 15}", "training.epochs=60"});
  CHECK(refused.code == 3);
  CHECK(
      refused.complains("cannot go on from 'results/checkpoints/checkpoint-000004.h5' with another: "
                        "training.optimizer.learning_rate was not set, is 0.01; ensemble.members was 16, is 15; "
                        "ensemble.learning_rate was ["));
  const auto rates = train("results", {"checkpoint.resume=auto", "ensemble.learning_rate='log(1e-3, 2e-1)'"});
  CHECK(rates.code == 3);
  CHECK(rates.complains("with another: ensemble.learning_rate was [0.001, "));
  CHECK(train("results", {"checkpoint.resume=auto", "training.epochs=60"}).code == 0);
  CHECK(sinter.json("results/run.json")["epochs"] == 60);
}

TEST_CASE("an interrupted run leaves a model that predicts") {
  Program sinter(Program::Modules::built);
  sinter.start({"train", uat, "--output", "results", "--no-plots", "--set", "training.epochs=100000000"});
  sinter.wait_until([&] {
    return test::fs::exists(sinter.file("results/metrics.csv")) ||
           test::contents(sinter.file("out.txt")).find("output     results") != std::string::npos;
  });
  sinter.send(SIGINT);
  const auto run = sinter.wait();
  INFO(run.err << run.out);
  CHECK(run.code == 75);
  CHECK(sinter.json("results/run.json")["status"] == "interrupted");
  CHECK(sinter({"predict", "results/model.h5", "--data", "results/predictions.csv"}).code == 0);
}
