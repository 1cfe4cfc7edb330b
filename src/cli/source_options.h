// The options that several subcommands have: what is read, and from where.
//
//   add_source(command.options, arguments->source);
//
// Thread safety: pure functions; what they point to must outlive the parser.
#pragma once

#include <vector>

#include "cli/command_spec.h"
#include "cli/source_choice.h"

namespace weir::cli {

void add_dir(std::vector<OptionSpec>& options, std::string& dir);
/// `which`: what the Redis is for, one line.
void add_redis(std::vector<OptionSpec>& options, SourceArguments& source, const char* which);
/// A directory or a Redis, in either layout.
void add_source(std::vector<OptionSpec>& options, SourceArguments& source);
void add_url(std::vector<OptionSpec>& options, SourceArguments& source);

}  // namespace weir::cli
