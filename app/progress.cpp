#include <sinter/app/progress.hpp>

#include <algorithm>

namespace sinter::app {
namespace {

// A batch log gets about twenty lines, and one every half minute in long runs.
constexpr double line_share = 0.05;
constexpr double line_seconds = 30;

}  // namespace

void ProgressReport::update(const Progress& progress) {
  if (!console_.reports()) return;
  const auto share = progress.epochs > 0 ? static_cast<double>(progress.epoch) / static_cast<double>(progress.epochs)
                                         : 1.0;
  const auto left = share > 0 ? progress.elapsed_s * (1 - share) / share : 0.0;
  const auto rate = progress.elapsed_s > 0 ? static_cast<double>(progress.step) / progress.elapsed_s : 0.0;
  auto text = fmt::format("epoch {:>{}}/{}  loss {:<11.6g}", progress.epoch, fmt::formatted_size("{}", progress.epochs),
                          progress.epochs, progress.running_loss);
  if (progress.validation_loss) text += fmt::format("  validation {:<11.6g}", *progress.validation_loss);
  text += fmt::format("  {:.4g} steps/s", rate);
  if (progress.epoch < progress.epochs) text += fmt::format("  {} left", duration(left));

  if (console_.terminal()) {
    const auto cells = static_cast<std::size_t>(
        std::clamp(console_.width() - static_cast<int>(text.size()) - 11, 0, 30));
    const auto full = static_cast<std::size_t>(share * static_cast<double>(cells));
    std::string bar;
    for (std::size_t cell = 0; cell < cells; ++cell) bar += cell < full ? "█" : "░";
    auto line = fmt::format("  {} {:>3.0f} %  {}", bar, 100 * share, text);
    if (cells == 0) line = text.substr(0, static_cast<std::size_t>(console_.width() - 1));  // too narrow for a bar
    console_.transient(line);
  } else if (share >= 1 || last_share_ < 0 || share - last_share_ >= line_share ||
             progress.elapsed_s - last_time_ >= line_seconds) {
    console_.say("  {}", text);
    last_share_ = share;
    last_time_ = progress.elapsed_s;
  }
}

}  // namespace sinter::app
