// `weir migrate`: what a directory of multiprocess files holds, brought into a Redis once.
#pragma once

#include "cli/command_spec.h"
#include "cli/source_choice.h"

namespace weir::cli {

struct MigrateArguments {
  SourceArguments redis;  ///< with `dir`: from where
  bool dry_run = false;
  bool all = false;  ///< every process, however many
};

CommandSpec migrate_command();
int migrate(const MigrateArguments& arguments);

}  // namespace weir::cli
