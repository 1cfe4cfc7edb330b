// The command line taken apart: which subcommand runs, with what; and what is said of one that cannot be.
//
//   return run_command_line({"What it is.", "Where to start.", {show_command()}}, argc, argv);      // the exit code
//
// Thread safety: once, before threads start.
#pragma once

#include <vector>

#include "cli/command_spec.h"

namespace weir::cli {

struct ProgramSpec {
  const char* what;    ///< one line
  const char* footer;  ///< where to start
  std::vector<CommandSpec> commands;
};

inline constexpr const char* kHelpsHelp = "Show help for a subcommand";

/// Runs the subcommand that is asked for; `weir help` is its own. Wrong usage is a line and the next step on standard
/// error, and kUsage.
int run_command_line(const ProgramSpec& program, int argc, char** argv);

}  // namespace weir::cli
