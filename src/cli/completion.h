// `weir completion SHELL`: what bash, zsh and fish need to complete options, their words, files and subcommands.
#pragma once

#include <string>
#include <vector>

#include "cli/command_description.h"

namespace weir::cli {

extern const char* const kCompletionHelp;
inline const std::vector<std::string> kShells{"bash", "zsh", "fish"};

/// The text to source. `shell` is one of kShells.
std::string completion(const CommandDescriptions& commands, const std::string& shell);

}  // namespace weir::cli
