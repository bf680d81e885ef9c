// run.json: what a run was asked for, what it did and what it reached. docs/run-record.md lists the fields.
#pragma once

#include <chrono>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include <sinter/app/modules.hpp>
#include <sinter/inputs/run_file.hpp>
#include <sinter/models/backend/interface.hpp>

namespace sinter::app {

using Json = nlohmann::ordered_json;

/// Name, seed, host, versions and the like: all that is known at the start. Status "running".
Json begin_record(const RunFile& run, const std::string& run_file);

void record_device(Json& record, const RunFile& run, const Choice& choice, const backend::DeviceInfo& device);
void record_plan(Json& record, const Plan& plan);
void record_result(Json& record, const backend::TrainResult& result);
/// What became of an ensemble: how many members, which is the best, how many were lost, and the spread of their losses.
void record_ensemble(Json& record, const backend::TrainResult& result);
/// Status "failed", with the kind and text of the error.
void record_failure(Json& record, ErrorKind kind, const std::string& message);

/// The record as a file: indented, numbers exact, what is not finite as null.
std::string record_text(const Json& record);

}  // namespace sinter::app
