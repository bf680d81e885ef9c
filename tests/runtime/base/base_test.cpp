// Names of enumerators, kinds of errors, counts of the ledger, the list of spaces by name.
#include <algorithm>
#include <set>
#include <string>

#include <catch2/catch_test_macros.hpp>

#include <sinter/runtime/base/errors.hpp>
#include <sinter/runtime/base/ledger_counts.hpp>
#include <sinter/runtime/base/names.hpp>
#include <sinter/runtime/base/space_names.hpp>
#include <sinter/runtime/base/version.hpp>

namespace {
enum class Fruit { apple, pear, unlisted };
}

template <>
struct sinter::Names<Fruit> {
  static constexpr std::pair<Fruit, std::string_view> list[] = {{Fruit::apple, "apple"}, {Fruit::pear, "pear"}};
};

using namespace sinter;

TEST_CASE("a name leads to its enumerator and back, and an unknown name to nothing") {
  CHECK(to_name(Fruit::pear) == "pear");
  CHECK(from_name<Fruit>("apple") == Fruit::apple);
  CHECK(from_name<Fruit>("Apple") == std::nullopt);
  CHECK(from_name<Fruit>("") == std::nullopt);
  CHECK(to_name(Fruit::unlisted) == "?");
  CHECK(list_names<Fruit>() == "apple, pear");
  CHECK(names_of<Fruit>().size() == 2);
}

TEST_CASE("each kind of error keeps its number, which exit codes rest on, and its text") {
  const auto kind_of = [](const auto& thrown) {
    try {
      throw thrown;
    } catch (const Error& error) {
      CHECK(std::string(error.what()) == "text");
      return static_cast<int>(error.kind());
    }
  };
  CHECK(kind_of(InternalError("text")) == 1);
  CHECK(kind_of(UsageError("text")) == 2);
  CHECK(kind_of(ConfigError("text")) == 3);
  CHECK(kind_of(DataError("text")) == 4);
  CHECK(kind_of(ShapeError("text")) == 5);
  CHECK(kind_of(NotCompiled("text")) == 6);
  CHECK(kind_of(NumericError("text")) == 7);
  CHECK(kind_of(IoError("text")) == 8);
  CHECK(kind_of(BudgetError("text")) == 9);
}

TEST_CASE("counts subtract and take their largest entry by entry") {
  const LedgerCounts a{5, 4, 3, 200, 1}, b{1, 4, 1, 50, 0};
  CHECK(a - b == LedgerCounts{4, 0, 2, 150, 1});
  CHECK(max(LedgerCounts{1, 9, 0, 7, 3}, a) == LedgerCounts{5, 9, 3, 200, 3});
}

TEST_CASE("every space has one name, devices come before hosts, and auto never takes the mock device") {
  std::set<std::string_view> names;
  bool host_seen = false;
  for (const auto& space : space_names) {
    CHECK(names.insert(space.name).second);
    CHECK_FALSE(space.requires_text.empty());
    if (!space.is_device) host_seen = true;
    if (space.automatic) CHECK((!space.is_device || !host_seen));
    CHECK(space.automatic == (space.name != "mock"));
  }
}

TEST_CASE("the version is major.minor.patch") {
  const std::string version = sinter::version();
  CHECK(version.find_first_not_of("0123456789.") == std::string::npos);
  CHECK(std::count(version.begin(), version.end(), '.') == 2);
}
