// Plots are drawn by a script in Python, which reads only the files of an output folder; Python with matplotlib is
// optional.
#pragma once

#include <filesystem>
#include <string>

namespace sinter::app {

/// Draws the plots of an output folder by one of the scripts in share/sinter. Returns "" or, in one line, why there are
/// none.
std::string draw_plots(const std::filesystem::path& folder, const std::string& script_name = "sinter_plot.py");

struct PlotSupport {
  std::string python;   ///< the interpreter that has matplotlib; "" where none has
  std::string problem;  ///< "" or why there are no plots
};

/// The first of $SINTER_PYTHON, the interpreter that the build found, /usr/bin/python3 and python3 that has matplotlib.
PlotSupport find_plot_support();

}  // namespace sinter::app
