#include "cli/command_spec.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "cli/usage_message.h"

namespace weir::cli {
namespace {

OptionDescription help_option() { return {{"-h", "--help"}, "", "Show this help", {}}; }

}  // namespace

Check one_of(const std::vector<std::string>& choices) {
  return {[choices, sentence = alternatives(choices)](const std::string& value) {
            return std::ranges::find(choices, value) != choices.end()
                       ? ""
                       : fmt::format("is \"{}\"; it must be {}", value, sentence);
          },
          choices};
}

Check between(double least, double most) {
  return {[least, most](const std::string& value) { return range_message(value, least, most); }};
}

Check given(const char* what) {
  return {[what](const std::string& value) { return value.empty() ? fmt::format("is empty; {}", what) : ""; }};
}

CommandDescription describe(const CommandSpec& command) {
  CommandDescription out{command.name, command.what, {help_option()}, {}, command.footer};
  for (const OptionSpec& option : command.options) {
    if (option.name[0] == '-') {
      out.options.push_back({{option.name}, option.unit, option.what, option.check.choices});
    } else {
      out.words = option.check.choices;
    }
  }
  return out;
}

CommandDescription describe_weir(const char* what, const char* footer, std::vector<std::string> commands) {
  return {"",
          what,
          {{{"--version"}, "", "Display program version information and exit", {}}, help_option()},
          std::move(commands),
          footer};
}

}  // namespace weir::cli
