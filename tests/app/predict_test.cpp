// sinter predict with a fake backend, whose predictions are the mean of the training targets.
#include "program.hpp"

using namespace sinter;
using test::Program;

namespace {

/// Trains on two named features; the mean of the targets is 2.
void train_model(Program& sinter) {
  test::put(sinter.file("houses.csv"), "age,distance,price\n1,2,1\n2,3,2\n3,5,3\n");
  test::put(sinter.file("run.yaml"),
            "run: {name: houses, output: results}\ndevice: {space: openmp}\ndata: {path: houses.csv, features: [age, "
            "distance], targets: [price]}\n"
            "model: {type: linear_regression}\ntraining: {epochs: 1}\n");
  const auto run = sinter({"train", "run.yaml", "--quiet", "--no-plots"});
  INFO(run.err);
  REQUIRE(run.code == 0);
}

}  // namespace

TEST_CASE("predict writes one row of predictions a row of data") {
  Program sinter;
  train_model(sinter);
  test::put(sinter.file("new.csv"), "distance,rooms,age\n7,1,9\n8,2,9\n");  // by name, whatever their order
  const auto run = sinter({"predict", "results/model.h5", "--data", "new.csv", "--output", "out.csv"});
  INFO(run.err);
  CHECK(run.code == 0);
  CHECK(test::contents(sinter.file("out.csv")) == "predicted_price\n2\n2\n");
  CHECK(run.out == "2 predictions of new.csv by results/model.h5 (openmp, float32) in out.csv\n");
}

TEST_CASE("predict prints to standard output where no file is named") {
  Program sinter;
  train_model(sinter);
  test::put(sinter.file("bare.csv"), "1,2\n3,4\n5,6\n");
  for (const auto& more : std::vector<std::vector<std::string>>{
           {}, {"--quiet"}, {"--output", "-"}, {"--features", "0,1"}, {"--space", "openmp", "--threads", "1"}}) {
    std::vector<std::string> arguments{"predict", "results/model.h5", "--data", "bare.csv"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto run = sinter(arguments);
    INFO(run.err);
    CHECK(run.code == 0);
    CHECK(run.out == "predicted_price\n2\n2\n2\n");
  }
}

TEST_CASE("a tab may be given as a shell passes it") {
  Program sinter;
  train_model(sinter);
  test::put(sinter.file("tabs.txt"), "age\tdistance\n1\t2\n");
  const auto run = sinter({"predict", "results/model.h5", "--data", "tabs.txt", "--delimiter", "\\t"});
  INFO(run.err);
  CHECK(run.out == "predicted_price\n2\n");
}

TEST_CASE("a single network is the mean, the best and member 0") {
  Program sinter;
  train_model(sinter);
  for (const std::string member : {"mean", "best", "0"}) {
    const auto run = sinter({"predict", "results/model.h5", "--data", "houses.csv", "--member", member});
    INFO(run.err);
    CHECK(run.code == 0);
    CHECK(run.out == "predicted_price\n2\n2\n2\n");
  }
  for (const std::string member : {"1", "-1", "worst", ""}) {
    const auto run = sinter({"predict", "results/model.h5", "--data", "houses.csv", "--member", member});
    CHECK(run.code == 2);
    CHECK(run.complains("--member: '" + member + "'; allowed: mean, best, 0"));
  }
}

TEST_CASE("predict with json prints a record") {
  Program sinter;
  train_model(sinter);
  const auto run = sinter({"predict", "results/model.h5", "--data", "houses.csv", "--output", "out.csv", "--json"});
  CHECK(run.code == 0);
  const auto record = test::Json::parse(run.out);
  CHECK(record["rows"] == 3);
  CHECK(record["device"] == "openmp");
  CHECK(record["parameters"]["xxh64"] == sinter.json("results/run.json")["parameters"]["xxh64"]);
  const auto clash = sinter({"predict", "results/model.h5", "--data", "houses.csv", "--json"});
  CHECK(clash.code == 2);
  CHECK(clash.complains("predict --json needs --output FILE"));
}

TEST_CASE("what predict cannot do is said, and a file that was there stays") {
  Program sinter;
  train_model(sinter);
  test::put(sinter.file("out.csv"), "precious");
  const auto refuses = [&](int code, const std::string& text, const std::string& model, const std::string& data,
                           std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"predict", model, "--data", data, "--output", "out.csv"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto run = sinter(arguments);
    INFO(run.err);
    CHECK(run.code == code);
    CHECK(run.complains(text));
    CHECK(test::contents(sinter.file("out.csv")) == "precious");
  };
  test::put(sinter.file("three.csv"), "1,2,3\n");
  auto damaged = test::contents(sinter.file("results/model.h5"));
  damaged[3000] ^= 1;
  test::put(sinter.file("damaged.h5"), damaged);
  refuses(8, "cannot read 'none.h5': No such file or directory", "none.h5", "houses.csv");
  refuses(8, "cannot read 'houses.csv': not a model file of Sinter", "houses.csv", "houses.csv");
  refuses(8, "cannot read 'damaged.h5': the file is damaged: xxh64 ", "damaged.h5", "houses.csv");
  refuses(8, "cannot read 'results': Is a directory", "results", "houses.csv");
  refuses(8, "none.csv", "results/model.h5", "none.csv");
  refuses(4, "three.csv", "results/model.h5", "three.csv");
  refuses(4, "rooms", "results/model.h5", "houses.csv", {"--features", "age,rooms"});
  refuses(
      6, "space 'cuda' is not built: it needs a Kokkos with CUDA and an NVIDIA GPU; built: openmp; usable here: openmp",
      "results/model.h5", "houses.csv", {"--space", "cuda"});
  refuses(
      3, "sinter: error: --space: unknown space 'opnmp'; allowed: auto, cuda, hip, sycl, openmp, threads, serial, mock",
      "results/model.h5", "houses.csv", {"--space", "opnmp"});
  test::put(sinter.file("other.csv"), "age,rooms\n1,2\n");
  refuses(4, "no column 'distance', a feature of the model; it has: age, rooms", "results/model.h5", "other.csv");
  refuses(2, "--features: an empty name", "results/model.h5", "houses.csv", {"--features", ""});
  refuses(3, "sinter: error: --threads: 1000000; allowed: 0 to ", "results/model.h5", "houses.csv",
          {"--threads", "1000000"});
  refuses(2, "--delimiter: 'xyz' cannot separate fields; allowed: one character, no quote, letter, digit, ",
          "results/model.h5", "houses.csv", {"--delimiter", "xyz"});
  refuses(2, "--format: 'xls'; allowed: auto, csv (.csv .tsv .txt), npy (.npy), ", "results/model.h5", "houses.csv",
          {"--format", "xls"});
  refuses(2, "--data: the extension of 'houses.xls' does not tell the format; set --format; allowed: csv (.csv ",
          "results/model.h5", "houses.xls");
  refuses(2, "--header: 'maybe'; allowed: auto, true, false", "results/model.h5", "houses.csv", {"--header", "maybe"});
}
