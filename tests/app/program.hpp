// Drives the real program: in a prefix of its own with the fake module, or as it was built.
#pragma once

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <sinter/models/backend/interface.hpp>

#include "support/scratch_folder.hpp"

namespace sinter::test {

namespace fs = std::filesystem;
using Json = nlohmann::json;

struct Outcome {
  int code = -1;  ///< exit code; 128 + signal where one ended it
  std::string out, err;

  [[nodiscard]] bool says(std::string_view text) const { return out.find(text) != out.npos; }
  [[nodiscard]] bool complains(std::string_view text) const { return err.find(text) != err.npos; }
};

class Program {
 public:
  /// built: the program as it was built, with the modules that were built. fake: a copy of it with the fake module and
  /// nothing else.
  enum class Modules { built, fake };

  explicit Program(Modules which = Modules::fake, const std::string& spaces = R"(["openmp"])")
      : path_(fs::path(SINTER_BUILD_DIR) / "bin/sinter") {
    if (which == Modules::built) return;
    const auto prefix = scratch_ / "prefix";
    fs::create_directories(prefix / "bin");
    fs::create_directories(modules());
    fs::create_directories(prefix / "share/sinter");
    fs::copy_file(path_, prefix / "bin/sinter");
    for (const auto* script : {"sinter_plot.py", "sinter_study_plot.py"})
      fs::create_symlink(fs::path(SINTER_SOURCE_DIR) / "scripts" / script, prefix / "share/sinter" / script);
    fs::create_directory_symlink(fs::path(SINTER_SOURCE_DIR) / "app/machines", prefix / "share/sinter/machines");
    path_ = prefix / "bin/sinter";
    add_module("fake", spaces);
  }

  void add_module(const std::string& kind, const std::string& spaces, const std::string& devices = "[]",
                  const std::string& cpu_features = "[]", const std::string& library = "") const {
    const auto file = library.empty()
                          ? (fs::path(SINTER_BUILD_DIR) / ("tests/fake_modules/libsinter_" + kind + "_module.so"))
                                .string()
                          : library;
    put(modules() / (kind + ".json"),
        R"({"module": ")" + file + R"(", "spaces": )" + spaces + R"(, "devices": )" + devices +
            R"(, "precisions": ["float32"], "cpu_baseline": "any", "cpu_features": )" + cpu_features +
            R"(, "kokkos_version": "0.0.0", "products": "FakeBlas 1.0", "interface_version": )" +
            std::to_string(backend::interface_version) + R"(, "sinter_version": ")" SINTER_VERSION R"("})");
  }

  [[nodiscard]] fs::path modules() const { return scratch_ / "prefix/lib/sinter/modules"; }
  /// A file in this program's scratch folder, which is its working directory.
  [[nodiscard]] fs::path file(std::string_view name) const { return scratch_ / name; }
  [[nodiscard]] Json json(std::string_view name) const { return Json::parse(contents(file(name))); }

  std::map<std::string, std::string> environment;
  std::uint64_t file_size_limit = 0;  ///< bytes of any file that it writes, as where a disk is full; 0: none
  std::string output = "out.txt";     ///< where standard output goes

  /// Starts it, behind a launcher with its arguments where there is one; wait() must follow.
  void start(const std::vector<std::string>& arguments, const std::vector<std::string>& launcher = {}) {
    child_ = ::fork();
    REQUIRE(child_ >= 0);
    if (child_ == 0) exec(arguments, launcher);
  }
  void send(int signal) const { ::kill(child_, signal); }

  /// The processes of the program that the launcher started, in the order of their numbers.
  [[nodiscard]] std::vector<pid_t> launched() const {
    std::vector<pid_t> found;
    for (const auto& entry : fs::directory_iterator("/proc")) {
      const auto name = entry.path().filename().string();
      if (name.find_first_not_of("0123456789") != name.npos) continue;
      std::error_code ignored;
      const auto stat = contents(entry.path() / "stat");  // "pid (name) state parent ..."
      const auto end = stat.rfind(')');
      if (end == stat.npos || fs::read_symlink(entry.path() / "exe", ignored) != fs::canonical(path_, ignored))
        continue;
      if (std::stoi(stat.substr(end + 4)) == child_) found.push_back(std::stoi(name));
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  /// Returns once the condition holds; fails after half a minute.
  template <class Condition>
  void wait_until(Condition&& condition) const {
    for (int tries = 0; tries < 3000 && !condition(); ++tries)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    REQUIRE(condition());
  }

  Outcome wait() {
    int status = 0;
    REQUIRE(::waitpid(child_, &status, 0) == child_);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), contents(file("out.txt")),
            contents(file("err.txt"))};
  }

  Outcome operator()(const std::vector<std::string>& arguments) {
    start(arguments);
    return wait();
  }

 private:
  [[noreturn]] void exec(const std::vector<std::string>& arguments, const std::vector<std::string>& launcher) {
    if (::chdir(scratch_.path().c_str()) != 0) ::_exit(99);
    ::dup2(::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666), STDOUT_FILENO);
    ::dup2(::open("err.txt", O_WRONLY | O_CREAT | O_TRUNC, 0666), STDERR_FILENO);
    ::unsetenv("SINTER_MODULE_PATH");
    ::setenv("XDG_CONFIG_HOME", file("config").c_str(), 1);
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    if (file_size_limit != 0) {
      const rlimit limit{file_size_limit, file_size_limit};
      ::setrlimit(RLIMIT_FSIZE, &limit);
      ::signal(SIGXFSZ, SIG_IGN);  // writes fail with EFBIG then
    }
    std::vector<char*> argv;
    for (const auto& word : launcher) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(const_cast<char*>(path_.c_str()));
    for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    ::execv(argv.front(), argv.data());
    ::_exit(98);
  }

  ScratchFolder scratch_;
  fs::path path_;
  pid_t child_ = -1;
};

/// A run file for four points and two features, written as run.yaml.
inline void put_run_file(const Program& program, const std::string& more = "",
                         const std::string& device = "{space: openmp}") {
  put(program.file("run.yaml"), "run: {name: trial, seed: 7, output: results}\ndevice: " + device +
                                    "\ndata: {generator: xor}\n"
                                    "model: {type: mlp, hidden: [4], activation: tanh, output_activation: sigmoid}\n"
                                    "training: {loss: mse, optimizer: sgd, epochs: 50}\n" +
                                    more);
}

inline std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace sinter::test
