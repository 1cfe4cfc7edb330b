// `weir show --plot NAME`: metrics as pictures of plain text.
#pragma once

#include <string>

#include "cli/source_choice.h"

namespace weir::cli {

/// What is named: a metric's whole text, or a family or sample name for all its metrics. `seconds` of watching; 0: as
/// long as its type needs (nothing for a histogram, five seconds for what is drawn over time). The exit code.
int show_plot(const ChosenSource& chosen, const std::string& name, double seconds);

}  // namespace weir::cli
