#include "cli/usage_message.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

namespace weir::cli {
namespace {

std::string quoted(const std::string& word) { return fmt::format("\"{}\"", word); }

}  // namespace

std::string no_value_message(const std::string& option, const std::string& unit, const std::string& what) {
  return fmt::format("{} has no value; write {} {}: {}", option, option, unit, what);
}

std::string given_twice_message(const std::string& option) {
  return fmt::format("{} is given more than once; leave all but one out", option);
}

std::string bad_value_message(const std::string& option, const std::string& value) {
  return fmt::format("{} is \"{}\"; it must be a whole number", option, value);
}

std::string flag_with_value_message(const std::string& flag, const std::string& value) {
  return fmt::format("{} takes no value, but \"{}\" is given; write {} alone", flag, value, flag);
}

std::string alternatives(const std::vector<std::string>& choices) {
  std::string out = choices.front();
  for (std::size_t i = 1; i < choices.size(); ++i) out += (i + 1 < choices.size() ? ", " : " or ") + choices[i];
  return out;
}

std::string not_expected_message(const std::vector<std::string>& words, const std::string& command,
                                 const std::string& subcommands, const std::vector<std::string>& sources) {
  std::vector<std::string> options;
  std::vector<std::string> arguments;
  for (const std::string& word : words) (word.starts_with("-") ? options : arguments).push_back(quoted(word));
  const bool is_subcommand = command.empty() && !words.empty() && !words.front().starts_with("-");
  if (!options.empty() && !is_subcommand) {
    return fmt::format("{} has no option {}", command.empty() ? "weir" : command,
                       fmt::join(options, " and no option "));
  }
  if (command.empty()) {
    return fmt::format("there is no subcommand {}; there are {}",
                       is_subcommand ? arguments.front() : fmt::format("{}", fmt::join(arguments, " ")), subcommands);
  }
  return fmt::format("{} does not take {}{}", command, fmt::join(arguments, " and "),
                     sources.empty() ? "" : fmt::format("; what it is about is named by {}", alternatives(sources)));
}

std::string range_message(const std::string& value, double least, double most) {
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error == std::errc{} && end == value.data() + value.size() && number >= least && number <= most) return "";
  return fmt::format("is \"{}\"; it must be a number from {} to {:.15g}", value, least, most);
}

}  // namespace weir::cli
