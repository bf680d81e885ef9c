// Machine profiles: peaks and sizes of the spaces of a machine, in a JSON file. `sinter info --measure` writes that of
// this machine; those of some absent ones are shipped, from data sheets (app/machines). A profile affects predicted
// times only, never the plan.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sinter/models/backend/interface.hpp>
#include <sinter/models/plan/machine_model.hpp>

namespace sinter::app {

/// $XDG_CONFIG_HOME/sinter/machine.json, else ~/.config/sinter/machine.json.
std::filesystem::path default_profile_path();

/// A space of this machine as the cost model sees it: measured peaks, and the sizes that the system tells.
MachineModel machine_model_of(const backend::DeviceInfo& device, const backend::MachinePeaks& peaks);

/// Adds a space, or replaces it; other spaces stay, but those of a file in an older format, which is begun anew. Makes
/// the folder. Throws IoError.
void update_profile(const std::filesystem::path& path, const std::string& space, const MachineModel& machine);

/// A space of a profile; nothing where there is no such file or it does not have the space. Throws IoError for a file
/// that is no profile of this format.
std::optional<MachineModel> read_profile(const std::filesystem::path& path, const std::string& space);

struct ProfiledSpace {
  std::string space;
  MachineModel machine;
  std::filesystem::path profile;
};

/// The machine that a command line means by a shipped name or by a file: of its spaces the wanted one where it is there,
/// else the first. Throws IoError that lists the shipped names.
ProfiledSpace find_machine(const std::string& name_or_file, const std::string& wanted_space);

/// The names of the shipped profiles, sorted: the files of ../share/sinter/machines beside the program.
std::vector<std::string> shipped_machines();

}  // namespace sinter::app
