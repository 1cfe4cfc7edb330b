// `weir check`: the health of a directory or a Redis on one screen, and as an exit code. A Redis: check_redis.cc.
#pragma once

#include "cli/command_spec.h"
#include "cli/source_choice.h"

namespace weir::cli {

struct CheckArguments {
  SourceArguments source;
  bool all = false;  ///< every file or process, however many
};

CommandSpec check_command();
int check(const CheckArguments& arguments);

}  // namespace weir::cli
