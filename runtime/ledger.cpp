#include <sinter/runtime/ledger.hpp>

#include <algorithm>
#include <mutex>

#include <fmt/format.h>

#include <sinter/runtime/kokkos_version.hpp>

namespace sinter {
namespace {

namespace tools = Kokkos::Tools::Experimental;

struct State {
  std::mutex mutex;
  std::vector<LaunchLabel*> labels;
  std::map<std::pair<std::string, std::string>, LedgerRow> events;  // fences, copies, allocations
  LedgerCounts counts;                                              // launches stay zero here
  bool attached = false;
  tools::EventSet user{};  // the callbacks that were there before ours

  void record(const char* kind, std::string label, std::int64_t bytes) {
    auto& row = events[{kind, label}];
    if (row.count == 0) row = {kind, std::move(label), 0, 0};
    ++row.count;
    row.bytes += bytes;
  }
};

// Never destroyed: Kokkos may free memory, and so call back, while statics are being destroyed.
State& state() {
  static State* const instance = new State;
  return *instance;
}

void on_fence(const char* name, std::uint32_t device, std::uint64_t* handle) {
  auto& s = state();
  if (s.user.begin_fence != nullptr) s.user.begin_fence(name, device, handle);
  if (std::string_view(name).starts_with(ledger::exchange_prefix)) return ledger::count_wait(name);
  const std::lock_guard lock(s.mutex);
  ++s.counts.fences;
  s.record("fence", name, 0);
}

void on_copy(Kokkos_Profiling_SpaceHandle to, const char* to_name, const void* to_data,
             Kokkos_Profiling_SpaceHandle from, const char* from_name, const void* from_data, std::uint64_t bytes) {
  auto& s = state();
  if (s.user.begin_deep_copy != nullptr)
    s.user.begin_deep_copy(to, to_name, to_data, from, from_name, from_data, bytes);
  const std::lock_guard lock(s.mutex);
  ++s.counts.copies;
  s.counts.copied_bytes += static_cast<std::int64_t>(bytes);
  s.record("copy", fmt::format("{}:{} -> {}:{}", from.name, from_name, to.name, to_name),
           static_cast<std::int64_t>(bytes));
}

void on_allocation(Kokkos_Profiling_SpaceHandle space, const char* name, const void* data, std::uint64_t bytes) {
  auto& s = state();
  if (s.user.allocate_data != nullptr) s.user.allocate_data(space, name, data, bytes);
  const std::lock_guard lock(s.mutex);
  ++s.counts.allocations;
  s.record("allocation", fmt::format("{}:{}", space.name, name), static_cast<std::int64_t>(bytes));
}

}  // namespace

LaunchLabel::LaunchLabel(std::string name) : name_(std::move(name)) {
  auto& s = state();
  const std::lock_guard lock(s.mutex);
  s.labels.push_back(this);
}

namespace ledger {

void attach() {
  auto& s = state();
  {
    const std::lock_guard lock(s.mutex);
    if (s.attached) return;
    s.attached = true;
    s.user = tools::get_callbacks();
  }
  tools::set_begin_fence_callback(on_fence);
  tools::set_begin_deep_copy_callback(on_copy);
  tools::set_allocate_data_callback(on_allocation);
}

void count_wait(const char* label) {
  auto& s = state();
  const std::lock_guard lock(s.mutex);
  ++s.counts.waits;
  s.record("wait", label, 0);
}

LedgerCounts totals() {
  auto& s = state();
  const std::lock_guard lock(s.mutex);
  LedgerCounts counts = s.counts;
  for (const auto* label : s.labels) counts.launches += label->launches();
  return counts;
}

std::size_t take_team_scratch(std::string_view prefix) {
  auto& s = state();
  const std::lock_guard lock(s.mutex);
  std::size_t most = 0;
  for (auto* label : s.labels) {
    if (label->name().starts_with(prefix)) most = std::max(most, label->take_team_scratch());
  }
  return most;
}

ByLabel by_label() {
  auto& s = state();
  const std::lock_guard lock(s.mutex);
  ByLabel rows = s.events;
  for (const auto* label : s.labels) {
    auto& row = rows[{"launch", label->name()}];
    row.kind = "launch";
    row.label = label->name();
    row.count += label->launches();
  }
  return rows;
}

std::vector<LedgerRow> difference(const ByLabel& before, const ByLabel& after) {
  std::vector<LedgerRow> rows;
  for (const auto& [key, row] : after) {
    LedgerRow change = row;
    if (const auto old = before.find(key); old != before.end()) {
      change.count -= old->second.count;
      change.bytes -= old->second.bytes;
    }
    if (change.count != 0) rows.push_back(std::move(change));
  }
  std::stable_sort(rows.begin(), rows.end(), [](const LedgerRow& a, const LedgerRow& b) {
    return a.kind != b.kind ? a.kind > b.kind : a.count > b.count;
  });
  return rows;
}

std::string table(const std::vector<LedgerRow>& rows) {
  std::string text = fmt::format("{:<11} {:>12} {:>14}  {}\n", "kind", "count", "bytes", "label");
  for (const auto& row : rows)
    text += fmt::format("{:<11} {:>12} {:>14}  {}\n", row.kind, row.count, row.bytes, row.label);
  return text;
}

std::string json(const std::vector<LedgerRow>& rows) {
  const auto quoted = [](const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      if (static_cast<unsigned char>(c) < 0x20) {
        out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
      } else {
        out += c;
      }
    }
    return out + '"';
  };
  std::string text = "[";
  for (const auto& row : rows) {
    text += fmt::format("{}\n  {{\"kind\": {}, \"label\": {}, \"count\": {}, \"bytes\": {}}}",
                        text.size() > 1 ? "," : "", quoted(row.kind), quoted(row.label), row.count, row.bytes);
  }
  return text + "\n]\n";
}

}  // namespace ledger
}  // namespace sinter
