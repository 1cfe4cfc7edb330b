// `weir top`: a directory, a Redis or a URL, live in a terminal; one table where there is none.
#pragma once

#include <string>

#include "cli/command_spec.h"
#include "cli/source_choice.h"

namespace weir::cli {

struct TopArguments {
  SourceArguments source;
  double interval = 1;  ///< seconds between readings
  std::string page = "metrics";
  std::string order = "rate";
  std::string filter;
  bool once = false;  ///< one table, also in a terminal
};

CommandSpec top_command();
int top(const TopArguments& arguments);

}  // namespace weir::cli
