// A subcommand as it is defined, beside what it does: its options, where their values go, and what runs then.
//
//   CommandSpec show_command() {
//     auto arguments = std::make_shared<ShowArguments>();
//     CommandSpec command{"show", "Print the metrics", kShowHelp, [arguments] { return show(*arguments); }};
//     command.options.push_back({"--format", &arguments->format, "FORMAT", "text or openmetrics", one_of({…})});
//     return command;
//   }
//
// command_line.h makes a parser of them, and describe() what completion and manual pages are made from.
//
// Thread safety: plain values.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "cli/command_description.h"

namespace weir::cli {

/// What a value must be.
struct Check {
  /// What is wrong with it, to stand behind the option's name: `is empty; it must name a file`; empty: nothing.
  std::function<std::string(const std::string& value)> wrong = {};
  std::vector<std::string> choices = {};  ///< the words it may be; empty: others too
};
Check one_of(const std::vector<std::string>& choices);
/// A number from `least` to `most`.
Check between(double least, double most);
/// Not empty; `what` would be right.
Check given(const char* what);

struct OptionSpec {
  using Target = std::variant<std::string*, std::vector<std::string>*, double*, std::size_t*, bool*>;

  const char* name;  ///< `--dir`; without dashes where only its place says what it is: `SHELL`
  Target into;       ///< must outlive the parser; bool: a flag, which takes no value
  const char* unit;  ///< `DIRECTORY`; empty: none is shown
  const char* what;  ///< one line
  Check check = {};
  const char* needs = "";  ///< the option it is nothing without
  bool is_required = false;
};

struct CommandSpec {
  const char* name;
  const char* what;    ///< one line
  const char* footer;  ///< examples, environment, exit codes
  std::function<int()> run;
  std::vector<OptionSpec> options = {};
};

/// The option that every command has, and all of `command`'s.
CommandDescription describe(const CommandSpec& command);
/// `weir` itself, of those commands.
CommandDescription describe_weir(const char* what, const char* footer, std::vector<std::string> commands);

}  // namespace weir::cli
