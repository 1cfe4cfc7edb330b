// `weir fold`: what dead processes counted, moved into the archives now.
#pragma once

#include <string>

#include "cli/command_spec.h"
#include "cli/source_choice.h"
#include "weir/fold.h"

namespace weir::cli {

struct FoldArguments {
  SourceArguments source;
  bool stock = false;
  double keep_all = 3600;  ///< seconds
};

CommandSpec fold_command();
int fold(const FoldArguments& arguments);
/// One line of what was folded, for `where`, and every problem on standard error. The exit code.
int tell_fold(const std::string& where, const FoldReport& report, const char* what);

}  // namespace weir::cli
