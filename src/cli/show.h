// `weir show`: one exposition on standard output.
#pragma once

#include <string>
#include <vector>

#include "cli/command_spec.h"
#include "cli/source_choice.h"

namespace weir::cli {

struct ShowArguments {
  SourceArguments source;
  std::string format = "text";     ///< text or openmetrics
  std::vector<std::string> names;  ///< only these families; empty: all
  std::string plot;                ///< draw this metric instead
  double seconds = 0;              ///< watch it that long; 0: as its type needs
};

CommandSpec show_command();
int show(const ShowArguments& arguments);

}  // namespace weir::cli
