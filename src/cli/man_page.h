// `weir man [COMMAND]`: a manual page, made from what --help shows.
#pragma once

#include <string>

#include "cli/command_description.h"

namespace weir::cli {

extern const char* const kManHelp;

/// The page of `commands[which]` in roff with the macros of man(7).
std::string man_page(const CommandDescriptions& commands, std::size_t which, const std::string& version);

}  // namespace weir::cli
