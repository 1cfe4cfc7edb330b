// What people are told whose command line cannot be: the option, its value, and what would be right. The parser's own
// words speak of its types.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <vector>

namespace weir::cli {

/// `--dir has no value; write --dir DIRECTORY: Directory the processes write to`. `unit`: DIRECTORY.
std::string no_value_message(const std::string& option, const std::string& unit, const std::string& what);

/// `--dir is given more than once; …`; for options that are given once.
std::string given_twice_message(const std::string& option);

/// `--max-connections is "1.5"; it must be a whole number`.
std::string bad_value_message(const std::string& option, const std::string& value);

/// `--all takes no value, but "5" is given; write --all alone`.
std::string flag_with_value_message(const std::string& flag, const std::string& value);

/// `a, b or c`; of at least one.
std::string alternatives(const std::vector<std::string>& choices);

/// Words no option and no argument of `command` explains; `command` empty: in a subcommand's place. `sources`: the
/// options of `command` that say what it is about, which people leave out.
std::string not_expected_message(const std::vector<std::string>& words, const std::string& command,
                                 const std::string& subcommands, const std::vector<std::string>& sources);

/// What is wrong with a number outside [least, most]; empty: nothing.
std::string range_message(const std::string& value, double least, double most);

}  // namespace weir::cli
