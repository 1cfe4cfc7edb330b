#include "cli/completion.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <iterator>

namespace weir::cli {
namespace {

/// In single quotes, for any of the three shells.
std::string quoted(const std::string& text, bool is_fish = false) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += is_fish ? "\\'" : "'\\''";
    } else if (c == '\\' && is_fish) {
      out += "\\\\";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::vector<std::string> names_of(const CommandDescription& command) {
  std::vector<std::string> names;
  for (const OptionDescription& option : command.options) {
    names.insert(names.end(), option.names.begin(), option.names.end());
  }
  return names;
}

// bash: no other package; `--option=value` arrives as three words.
constexpr const char* kBashHead = R"(# bash completion of weir. Made by `weir completion bash`.
_weir() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command='' word
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -*) ;; *) command=$word; break ;; esac
  done
  if [ "$cur" = = ]; then cur=''; elif [ "$prev" = = ]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
  COMPREPLY=()
  case $command:$prev in
)";
constexpr const char* kBashMiddle = R"(  esac
  case $command in
)";
constexpr const char* kBashFoot = R"(  esac
}
complete -F _weir weir
)";

std::string bash_values(const CommandDescription& command) {
  std::string out;
  for (const OptionDescription& option : command.options) {
    if (option.value.empty()) continue;
    const char* files = option.takes_directory() ? "-d" : option.takes_file() ? "-f" : nullptr;
    std::string act = "return";
    if (files != nullptr) {
      act = fmt::format("compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen {} -- \"$cur\"); return",
                        files);
    } else if (!option.choices.empty()) {
      act = fmt::format("mapfile -t COMPREPLY < <(compgen -W {} -- \"$cur\"); return",
                        quoted(fmt::format("{}", fmt::join(option.choices, " "))));
    }
    std::vector<std::string> patterns;
    patterns.reserve(option.names.size());
    for (const std::string& name : option.names) patterns.push_back(command.name + ":" + name);
    out += fmt::format("    {}) {} ;;\n", fmt::join(patterns, " | "), act);
  }
  return out;
}

std::string bash(const CommandDescriptions& commands) {
  std::string out = kBashHead;
  for (const CommandDescription& command : commands) out += bash_values(command);
  out += kBashMiddle;
  for (const CommandDescription& command : commands) {
    std::vector<std::string> words = names_of(command);
    words.insert(words.end(), command.words.begin(), command.words.end());
    out += fmt::format("    {}) mapfile -t COMPREPLY < <(compgen -W {} -- \"$cur\") ;;\n",
                       command.name.empty() ? "''" : command.name, quoted(fmt::format("{}", fmt::join(words, " "))));
  }
  return out + kBashFoot;
}

/// What _arguments and _describe would read as theirs.
std::string zsh_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == ':' || c == '[' || c == ']' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_option(const OptionDescription& option) {
  std::string value;
  if (!option.value.empty()) {
    value = ":" + zsh_text(option.value) + ":";
    if (option.takes_directory()) value += "_files -/";
    if (option.takes_file()) value += "_files";
    if (!option.choices.empty()) value += fmt::format("({})", fmt::join(option.choices, " "));
    if (value.back() == ':') value += " ";
  }
  std::string out;
  for (const std::string& name : option.names) {
    out += " \\\n        " + quoted(fmt::format("{}[{}]{}", name, zsh_text(option.what), value));
  }
  return out;
}

std::string zsh(const CommandDescriptions& commands) {
  std::string out =
      "#compdef weir\n# zsh completion of weir. Made by `weir completion zsh`.\n_weir() {\n"
      "  local line state\n  _arguments -C";
  for (const OptionDescription& option : commands.front().options) out += zsh_option(option);
  out +=
      " \\\n        '1:command:->command' '*::argument:->argument'\n  case $state in\n    command)\n"
      "      local -a commands=(\n";
  for (const CommandDescription& command : commands) {
    if (!command.name.empty()) out += fmt::format("        {}\n", quoted(command.name + ":" + zsh_text(command.what)));
  }
  out += "      )\n      _describe command commands ;;\n    argument)\n      case $line[1] in\n";
  for (const CommandDescription& command : commands) {
    if (command.name.empty()) continue;
    out += fmt::format("        {}) _arguments", command.name);
    for (const OptionDescription& option : command.options) out += zsh_option(option);
    if (!command.words.empty()) out += fmt::format(" \\\n        '1:word:({})'", fmt::join(command.words, " "));
    out += " ;;\n";
  }
  return out +
         "      esac ;;\n  esac\n}\n"
         "if [ \"$funcstack[1]\" = _weir ]; then _weir \"$@\"; else compdef _weir weir; fi\n";
}

std::string fish(const CommandDescriptions& commands) {
  std::string out = "# fish completion of weir. Made by `weir completion fish`.\ncomplete -c weir -f\n";
  for (const CommandDescription& command : commands) {
    const std::string when =
        command.name.empty() ? "__fish_use_subcommand" : "__fish_seen_subcommand_from " + command.name;
    if (!command.name.empty()) {
      out += fmt::format("complete -c weir -n __fish_use_subcommand -a {} -d {}\n", command.name,
                         quoted(command.what, true));
    }
    if (!command.name.empty() && !command.words.empty()) {
      out += fmt::format("complete -c weir -n {} -a {}\n", quoted(when, true),
                         quoted(fmt::format("{}", fmt::join(command.words, " ")), true));
    }
    for (const OptionDescription& option : command.options) {
      std::string line = fmt::format("complete -c weir -n {}", quoted(when, true));
      for (const std::string& name : option.names) {
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (!option.value.empty()) line += option.takes_file() ? " -r -F" : " -x";
      if (option.takes_directory()) line += " -a '(__fish_complete_directories)'";
      if (!option.choices.empty()) {
        line += " -a " + quoted(fmt::format("{}", fmt::join(option.choices, " ")), true);
      }
      out += fmt::format("{} -d {}\n", line, quoted(option.what, true));
    }
  }
  return out;
}

}  // namespace

const char* const kCompletionHelp = R"(Examples:
  source <(weir completion bash)
  weir completion bash > /usr/share/bash-completion/completions/weir
  weir completion zsh > /usr/share/zsh/vendor-completions/_weir
  weir completion fish > /usr/share/fish/vendor_completions.d/weir.fish

Made from the same definitions as the help.

Exit codes: 0 printed; 2 usage.)";

std::string completion(const CommandDescriptions& commands, const std::string& shell) {
  return shell == "zsh" ? zsh(commands) : shell == "fish" ? fish(commands) : bash(commands);
}

}  // namespace weir::cli
