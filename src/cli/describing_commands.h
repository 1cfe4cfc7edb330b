// The subcommands about the others: `weir completion` and `weir man`.
//
// Thread safety: plain values.
#pragma once

#include <functional>

#include "cli/command_spec.h"

namespace weir::cli {

/// What there is, asked for when a subcommand runs.
using DescribeAll = std::function<CommandDescriptions()>;

CommandSpec completion_command(DescribeAll describe_all);
/// `others`: the subcommands that have a page besides it.
CommandSpec man_page_command(DescribeAll describe_all, std::vector<std::string> others);

}  // namespace weir::cli
