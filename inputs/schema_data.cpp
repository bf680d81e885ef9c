// The key `data`.
#include <sinter/inputs/data/source.hpp>
#include <sinter/inputs/values.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter::inputs::detail {
namespace {

template <class List>
std::vector<std::string> names_in(const List& list, std::vector<std::string> names = {}) {
  for (const auto& entry : list) names.emplace_back(entry.name);
  return names;
}

bool has_path(const Draft& draft) { return !draft.file.data.path.empty(); }

bool is_csv(const Draft& draft) {
  const auto* format = format_of(draft.file.data);
  return has_path(draft) && format != nullptr && format->name == "csv";
}

bool has_columns(const Draft& draft) {
  const auto* format = format_of(draft.file.data);
  return has_path(draft) && format != nullptr && format->name != "json";
}

/// A path: relative to the run file's folder, or to the working directory where it comes from the command line.
template <class Access>
Key path_key(std::string path, Access access, std::string description) {
  auto key = with_default(scalar_key(std::move(path), access, std::move(description)), "none");
  key.type = "path";
  key.read = [access](Draft& draft, const Value& value) {
    std::string given;
    read_scalar(value, "", given);
    const std::filesystem::path relative(given);
    const auto folder = value.node.place.from_command_line() ? std::filesystem::current_path() : draft.folder;
    access(draft.file) = std::filesystem::absolute(folder / relative).lexically_normal().string();
  };
  key.write = [access](const RunFile& file) { return access(file).empty() ? "" : in_quotes(access(file)); };
  return key;
}

template <class Access>
Key fraction_key(std::string path, Access access, std::string description) {
  return with_default(scalar_key(std::move(path), access, std::move(description),
                                 {"0 < fraction < 1", [](double value) { return value > 0 && value < 1; }}),
                      "none");
}

template <class Access>
Key columns_key(std::string path, Access access, std::string description, std::string fallback) {
  Key key;
  key.path = std::move(path);
  key.type = "list of names or indices";
  key.description = std::move(description);
  key.default_text = std::move(fallback);
  key.read = [access](Draft& draft, const Value& value) {
    const auto read_one = [](const Value& item) {
      ColumnRef column;
      const bool number = !item.node.quoted && !item.node.text.empty() &&
                          item.node.text.find_first_not_of("+-0123456789.") == std::string::npos;
      if (number) {
        read_scalar(item, "a name, or an index >= 0", column.index);
        if (column.index < 0)
          item.fail(fmt::format("{} is out of range; allowed: a name, or an index >= 0", column.index));
      } else {
        read_scalar(item, "a name, or an index >= 0", column.name);
      }
      return column;
    };
    auto& columns = access(draft.file);
    columns.clear();
    if (value.node.kind == YamlNode::Kind::scalar) {
      columns.push_back(read_one(value));
      return;
    }
    if (value.node.kind != YamlNode::Kind::list || value.node.items.empty()) {
      value.fail(fmt::format("expected a list of column names or indices such as [age, distance], found {}",
                             value.node.kind == YamlNode::Kind::list ? "an empty one" : describe(value.node)));
    }
    for (const auto& item : value.node.items) {
      const Value given{item, fmt::format("{}[{}]", value.path, columns.size())};
      auto column = read_one(given);
      if (std::find(columns.begin(), columns.end(), column) != columns.end()) {
        given.fail(fmt::format("column {} is listed twice", describe(item)));
      }
      columns.push_back(std::move(column));
    }
  };
  key.write = [access](const RunFile& file) {
    std::vector<std::string> parts;
    for (const auto& column : access(file))
      parts.push_back(column.index < 0 ? in_quotes(column.name) : write_scalar(column.index));
    return parts.empty() ? "" : "[" + join(parts) + "]";
  };
  return key;
}

Key delimiter_key() {
  auto key = with_default(scalar_key(
                              "data.delimiter", [](auto& file) -> auto& { return file.data.delimiter; },
                              "What separates fields: one character, as \";\" or \"\\t\"."),
                          "a tab for .tsv, else a comma");
  key.allowed = allowed_delimiters;
  key.read = [allowed = key.allowed](Draft& draft, const Value& value) {
    auto& delimiter = draft.file.data.delimiter;
    read_scalar(value, allowed, delimiter);
    if (!can_delimit(delimiter))
      value.fail(fmt::format("{} cannot separate fields; allowed: {}", describe(value.node), allowed));
  };
  key.write = [](const RunFile& file) { return file.data.delimiter.empty() ? "" : in_quotes(file.data.delimiter); };
  return key;
}

}  // namespace

std::vector<Key> data_keys() {
  auto generator = name_key(
      "data.generator", [](auto& file) -> auto& { return file.data.generator; },
      "Made instead of read; what each makes is told in [data.md](data.md). Exactly one of path and generator is "
      "given.",
      names_in(data_generators()));
  return {
      path_key(
          "data.path", [](auto& file) -> auto& { return file.data.path; },
          "The data set, relative to the run file's folder (in --set: to the working directory)."),
      with_default(generator, "none"),
      only(name_key(
               "data.format", [](auto& file) -> auto& { return file.data.format; }, "`auto`: by the path's extension.",
               names_in(data_formats(), {"auto"})),
           "a path", has_path),
      only(columns_key(
               "data.features", [](auto& file) -> auto& { return file.data.features; },
               "Inputs: columns (csv, npy) or arrays (npz, hdf5); indices count from 0.",
               "every column that is no target; array x"),
           "formats csv, npy, npz, hdf5", has_columns),
      only(columns_key(
               "data.targets", [](auto& file) -> auto& { return file.data.targets; }, "What is to be predicted.",
               "required for csv and npy; array y"),
           "formats csv, npy, npz, hdf5", has_columns),
      only(scalar_key(
               "data.header", [](auto& file) -> auto& { return file.data.header; },
               "Whether the first record names the columns; `auto`: when one of its fields is no number."),
           "format csv", is_csv),
      only(delimiter_key(), "format csv", is_csv),
      only(path_key(
               "data.test", [](auto& file) -> auto& { return file.data.test; },
               "A test set of its own, in the same format with the same columns."),
           "a path", has_path),
      only(fraction_key(
               "data.test_fraction", [](auto& file) -> auto& { return file.data.test_fraction; },
               "Share of the rows that is set aside for the test."),
           "a path, without data.test",
           [](const Draft& draft) { return has_path(draft) && draft.file.data.test.empty(); }),
      only(path_key(
               "data.validation", [](auto& file) -> auto& { return file.data.validation; },
               "A validation set of its own, in the same format with the same columns."),
           "a path", has_path),
      only(fraction_key(
               "data.validation_fraction", [](auto& file) -> auto& { return file.data.validation_fraction; },
               "Share of the rows that is set aside for validation."),
           "a run without data.validation", [](const Draft& draft) { return draft.file.data.validation.empty(); }),
      scalar_key(
          "data.seed", [](auto& file) -> auto& { return file.data.seed; },
          "Seed of generators and of the choice of rows set aside; apart from `run.seed`.",
          stated("0 to 18446744073709551615")),
      only(
          with_default(
              scalar_key("data.one_hot", [](auto& file) -> auto& { return file.data.one_hot; },
                         "Number of classes: the one target, a class index from 0, becomes so many columns of 0 and 1.",
                         {"2 to 100000", [](double value) { return value >= 2 && value <= 100000; }}),
              "off"),
          "a path", has_path),
      scalar_key(
          "data.normalize.features", [](auto& file) -> auto& { return file.normalize.features; },
          "How features are scaled; fitted on the training set only."),
      scalar_key(
          "data.normalize.targets", [](auto& file) -> auto& { return file.normalize.targets; },
          "How targets are scaled; undone in predictions."),
  };
}

}  // namespace sinter::inputs::detail
