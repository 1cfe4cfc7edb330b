// What `weir` and its subcommands take, as command_spec.h defines it: what completion and manual pages are made from,
// so that they say what --help says.
//
// Plain values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::cli {

struct OptionDescription {
  std::vector<std::string> names;    ///< `-h`, `--help`
  std::string value;                 ///< `DIRECTORY`; empty: it takes none
  std::string what;                  ///< one line
  std::vector<std::string> choices;  ///< the words its value may be; empty: anything

  bool takes_directory() const { return value == "DIRECTORY"; }
  bool takes_file() const { return value == "FILE"; }
};

struct CommandDescription {
  std::string name;  ///< `serve`; empty: `weir` itself
  std::string what;  ///< one line
  std::vector<OptionDescription> options;
  std::vector<std::string> words;  ///< what may stand where no option does: a shell's name, a subcommand
  std::string footer;              ///< examples, environment, exit codes: as --help shows it
};

/// `weir` first, then every subcommand.
using CommandDescriptions = std::vector<CommandDescription>;

}  // namespace weir::cli
