// The machine profile: measured peaks of each space of this machine, in a JSON file that `sinter info --measure`
// writes. It affects predicted times only, never the plan.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <sinter/models/backend/interface.hpp>

namespace sinter::app {

/// $XDG_CONFIG_HOME/sinter/machine.json, else ~/.config/sinter/machine.json.
std::filesystem::path default_profile_path();

/// Adds the peaks of one space, or replaces them; other spaces stay. Makes the folder. Throws IoError.
void update_profile(const std::filesystem::path& path, const backend::DeviceInfo& device,
                    const backend::MachinePeaks& peaks);

/// Peaks of a space; nothing where there is no profile or it does not have the space. Throws IoError for a file that
/// is no profile.
std::optional<backend::MachinePeaks> read_profile(const std::filesystem::path& path, const std::string& space);

/// Time of a step by the roofline: the larger of arithmetic and traffic at peak, and the launches.
double predicted_step_s(const LevelCost& cost, const backend::MachinePeaks& peaks, Precision precision);

}  // namespace sinter::app
