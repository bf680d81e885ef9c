#include <sinter/app/bench_record.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <sinter/app/host_facts.hpp>
#include <sinter/app/machine_profile.hpp>
#include <sinter/app/ranks.hpp>
#include <sinter/app/statistics.hpp>
#include <sinter/models/plan/prediction.hpp>
#include <sinter/runtime/base/version.hpp>

namespace sinter::app {

Json build_facts() {
  const auto host = host_facts();
  return {{"sinter", version()},
          {"commit", commit()},
          {"compiler", SINTER_COMPILER},
          {"host", {{"name", host.name}, {"os", host.os}, {"cpu", host.cpu}, {"cpus", host.cpus}}}};
}

Json bench_record(const BenchResult& result) {
  const auto& [name, problem, choice, device, peaks, m, ranks, memory, oversubscribed] = result;
  const auto step = summarize(m.step_s);
  const auto steps = static_cast<double>(m.steps);
  const auto per_step = [&](std::int64_t count) { return static_cast<double>(count) / steps; };
  Json record{{"name", name},
              {"space", device.space},
              {"threads", device.concurrency},
              {"ranks", ranks},
              {"oversubscribed", oversubscribed},
              {"precision", to_name(problem.precision)},
              {"level", to_name(m.cost.level)},
              {"mode", to_name(problem.mode)},
              {"batch", m.plan.batch},
              {"training_rows", m.plan.training_rows},
              {"parameters", problem.model.parameter_count()},
              {"members", problem.networks()},
              {"flops_per_step", m.cost.flops},
              {"bytes_per_step", m.cost.compulsory_bytes},
              {"planned_launches_per_step", m.cost.launches},
              {"launches_per_step", per_step(m.repetition.launches)},
              {"fences_per_step", per_step(m.repetition.fences)},
              {"copies_per_step", per_step(m.repetition.copies)},
              {"allocations_per_step", per_step(m.repetition.allocations)},
              {"waits_per_step", per_step(m.repetition.waits)},
              {"first_step_s", m.first_step_s},
              {"steps_per_repetition", m.steps},
              {"step_s", {{"median", step.median}, {"low", step.low}, {"high", step.high}, {"repetitions", m.step_s}}},
              {"samples_per_s", static_cast<double>(m.plan.batch * problem.networks()) / step.median},
              {"gflops", m.cost.flops / step.median * 1e-9}};
  record["peaks"] = nullptr;  // keeps its place; judge() fills it
  record["fraction_of_peak"] = nullptr;
  record["bound"] = nullptr;
  record["parameter_hash"] = fmt::format("{:016x}", m.parameter_hash);
  record["peak_memory_bytes"] = memory;
  record["predicted_step_s"] = nullptr;
  record["device"] = {{"name", device.name},
                      {"kokkos", device.kokkos_version},
                      {"products_of_level_none", device.products},
                      {"module", choice.module.library.filename().string()},
                      {"cpu_baseline", choice.module.cpu_baseline}};
  record.update(build_facts());
  if (ranks > 1) record["mpi"] = mpi_support().detail;
  judge(record, problem, peaks);
  return record;
}

void judge(Json& record, const BenchProblem& problem, const backend::MachinePeaks& peaks) {
  const auto& [model, training, precision, mode, rows, members] = problem;
  const double fma = precision == Precision::float32 ? peaks.fma_gflops_float32 : peaks.fma_gflops_float64;
  record["peaks"] = {{"fma_gflops", fma}, {"triad_gb_s", peaks.triad_gb_s}, {"launch_us", peaks.launch_us}};
  record["fraction_of_peak"] = record["gflops"].get<double>() / fma;
  backend::DeviceInfo device;
  device.space = record["space"];
  device.concurrency = record["threads"];
  const auto machine = machine_model_of(device, peaks);
  const auto plan = make_plan(model, training, precision, machine.kind, rows, false, members);
  const auto prediction = mode == MeasureMode::training
                              ? predict_step(model, training, precision, plan, plan.chosen, machine, members)
                              : predict_inference(model, precision, plan.batch, machine, problem.networks());
  record["bound"] = to_name(prediction.bound);
  if (record["ranks"] == 1) record["predicted_step_s"] = prediction.step_s;  // of an exchange the model knows nothing
}

}  // namespace sinter::app
