// The tower stands: no file of a floor breaks a rule, and every rule is able to fail.
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "rules.hpp"
#include "source_text.hpp"

namespace sinter::hygiene {
namespace {

namespace fs = std::filesystem;

bool is_source(const fs::path& path) {
  static const std::set<std::string> extensions = {".hpp", ".cpp", ".h", ".def", ".inc", ".cu"};
  const std::string extension = (path.extension() == ".in" ? path.stem() : path).extension().string();
  return extensions.contains(extension);
}

TEST_CASE("no file of a floor breaks a rule of the tower", "[hygiene]") {
  const fs::path top = SINTER_SOURCE_DIR;
  std::vector<Violation> violations;
  for (const std::string_view floor : floors) {
    for (const auto& entry : fs::recursive_directory_iterator(top / floor)) {
      if (!entry.is_regular_file() || !is_source(entry.path())) continue;
      std::ostringstream text;
      text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
      const auto found = check(fs::relative(entry.path(), top).generic_string(), text.str());
      violations.insert(violations.end(), found.begin(), found.end());
    }
  }
  INFO(report(violations));
  CHECK(violations.empty());
}

TEST_CASE("the sources that the rules are for are among those that are read", "[hygiene]") {
  CHECK(is_source("runtime/base/errors.hpp"));
  CHECK(is_source("kernels/catalog/losses.def"));
  CHECK(is_source("models/instances/layer.cpp.in"));
  CHECK_FALSE(is_source("runtime/CMakeLists.txt"));
  CHECK_FALSE(is_source("inputs/uat.yaml"));
  for (const std::string_view floor : floors) CHECK(fs::is_directory(fs::path(SINTER_SOURCE_DIR) / floor));
}

struct Snippet {
  const char* path;
  const char* text;
  const char* what;  ///< part of the violation's text
};

std::ostream& operator<<(std::ostream& out, const Snippet& snippet) {
  return out << snippet.path << ": " << snippet.text;
}

TEST_CASE("each rule refuses what it is there for", "[hygiene]") {
  const auto snippet = GENERATE(from_range(std::vector<Snippet>{
      // who includes whom
      {"runtime/tensor.hpp", "#include <sinter/kernels/tile/product.hpp>", "is a floor above this one"},
      {"kernels/fused/forward.hpp", "#include <sinter/models/spec/model_spec.hpp>", "is a floor above this one"},
      {"models/mlp.cpp", "  #  include <sinter/inputs/reader.hpp>", "is a floor above this one"},
      {"inputs/reader.cpp", "#include <sinter/app/train.hpp>", "is a floor above this one"},
      {"runtime/tensor.hpp", "#include <sinter/scripts/x.hpp>", "is in none of the floors"},
      {"runtime/base/errors.hpp", "#include <sinter/runtime/tensor.hpp>", "knows Kokkos, what includes it must not"},
      {"runtime/comm/single.cpp", "#include <sinter/runtime/launch.hpp>", "knows Kokkos, what includes it must not"},
      {"kernels/catalog/ops.hpp", "#include <sinter/kernels/ops/relu.hpp>", "knows Kokkos, what includes it must not"},
      {"models/io/model_file.cpp", "#include <sinter/models/mlp.hpp>", "knows Kokkos, what includes it must not"},
      {"inputs/reader.cpp", "#include <sinter/runtime/launch.hpp>", "knows Kokkos, what includes it must not"},
      {"app/main.cpp", "#include <sinter/models/mlp.hpp>", "knows Kokkos, what includes it must not"},
      {"app/main.cpp", "#include <sinter/models/module/runner.hpp>", "knows Kokkos, what includes it must not"},
      {"models/backend/interface.hpp", "#include <sinter/models/trainer.hpp>",
       "knows Kokkos, what includes it must not"},
      {"models/spec/model_spec.hpp", "#include <Kokkos_Core.hpp>", "where nothing knows Kokkos"},
      {"app/main.cpp", "#include <KokkosBlas3_gemm.hpp>", "where nothing knows Kokkos"},
      {"app/main.cpp", "#include <yaml-cpp/yaml.h>", "YAML is known to inputs/ alone"},
      {"kernels/ops/relu.hpp", "#include \"tanh.hpp\"", "included relative to the file"},
      {"kernels/ops/relu.hpp", "#include <sinter/kernels/../models/x.hpp>", "climbs with ../"},
      // calls
      {"models/mlp.cpp", "void f() { Kokkos::fence(); }", "Kokkos::fence() waits for everything"},
      {"models/mlp.cpp", "void f() { Kokkos::fence(\"named\"); }", "Kokkos::fence() waits for everything"},
      {"runtime/launch.hpp", "void f() { exec.fence(); }", "a fence has a name"},
      {"models/mlp.cpp", "Kokkos::deep_copy(a, b);", "deep_copy without an instance"},
      {"models/mlp.cpp", "Kokkos::deep_copy(View<float, Host>(a), b(1, 2));", "deep_copy without an instance"},
      {"kernels/fused/x.hpp", "Kokkos::parallel_for(\"x\", policy, f);", "launched through sinter::launch"},
      {"kernels/fused/x.hpp", "parallel_reduce(\n    policy, f, sum);", "launched through sinter::launch"},
      {"kernels/fused/x.hpp", "Kokkos::parallel_scan(RangePolicy(0, 1), f);", "launched through sinter::launch"},
      {"runtime/device.hpp", "Kokkos::DefaultExecutionSpace exec;", "never a default of Kokkos'"},
      {"models/mlp.cpp", "Kokkos::DefaultHostExecutionSpace exec;", "never a default of Kokkos'"},
      {"kernels/tile/x.hpp", "team.team_barrier();", "through sinter::barrier"},
      // what surrounds it does not hide it
      {"models/mlp.cpp", "auto s = \"/*\"; Kokkos::fence(); auto t = \"*/\";", "Kokkos::fence() waits for everything"},
      {"models/mlp.cpp", "int n = 1'000; Kokkos::fence(); char c = '\\'';", "Kokkos::fence() waits for everything"},
      {"models/mlp.cpp", "auto s = R\"x(\")x\"; Kokkos::fence(); // \"", "Kokkos::fence() waits for everything"},
  }));
  CAPTURE(snippet);
  const auto found = check(snippet.path, snippet.text);
  REQUIRE(found.size() == 1);
  CHECK(found.front().what.find(snippet.what) != std::string::npos);
}

TEST_CASE("no rule refuses what is allowed", "[hygiene]") {
  const auto snippet = GENERATE(from_range(std::vector<Snippet>{
      {"kernels/fused/forward.hpp", "#include <sinter/runtime/launch.hpp>\n#include <sinter/kernels/tile/product.hpp>",
       ""},
      {"app/main.cpp",
       "#include <sinter/inputs/run_file.hpp>\n#include <sinter/models/backend/interface.hpp>\n#include <CLI/CLI.hpp>",
       ""},
      {"inputs/reader.cpp", "#include <yaml-cpp/yaml.h>\n#include <sinter/runtime/base/errors.hpp>", ""},
      {"models/mlp.cpp", "#include <Kokkos_Core.hpp>", ""},
      {"runtime/host_mirror.hpp",
       "Kokkos::deep_copy(a, b); exec.fence(\"name\"); Kokkos::parallel_for(\"x\", policy, f);", ""},
      {"runtime/launch.hpp", "team.team_barrier(); Kokkos::fence(\"name\");", ""},
      {"models/mlp.cpp", "Kokkos::deep_copy(exec, a, b);", ""},
      {"kernels/tile/x.hpp", "Kokkos::parallel_for(Kokkos::TeamThreadRange(team, n), f);", ""},
      {"kernels/tile/x.hpp",
       "Kokkos::parallel_reduce(\n  TeamVectorRange(team, n),\n  f, sum); parallel_for(ThreadVectorMDRange<R, T>(t, "
       "n), f);",
       ""},
      {"models/mlp.cpp", "// Kokkos::fence() would wait\n/* team_barrier() */ const char* s = \"Kokkos::fence()\";",
       ""},
      {"models/mlp.cpp", "auto s = R\"(\n#include \"x.hpp\"\nKokkos::fence())\";", ""},
      {"models/mlp.cpp", "// #include <sinter/app/main.hpp>", ""},
  }));
  CAPTURE(snippet);
  INFO(report(check(snippet.path, snippet.text)));
  CHECK(check(snippet.path, snippet.text).empty());
}

TEST_CASE("a violation says where it is", "[hygiene]") {
  CHECK(report(check("models/mlp.cpp", "\n/*\n*/ Kokkos::fence();\n")) ==
        "models/mlp.cpp:3: Kokkos::fence() waits for everything; wait for an instance with wait_for(exec, name)\n");
}

}  // namespace
}  // namespace sinter::hygiene
