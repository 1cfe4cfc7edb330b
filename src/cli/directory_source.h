// A multiprocess directory as what a subcommand reads.
#pragma once

#include <filesystem>

#include "cli/source_choice.h"

namespace weir::cli {

/// The directory need not exist: then `fault` says so. `fold`: `off`, or what is folded in the background as long as
/// `backend` lives: `weir`, the files of Weir's writers; `auto`, the same where no other client writes; `all`, theirs
/// too.
ChosenSource directory_source(const std::filesystem::path& directory, const std::string& fold);

}  // namespace weir::cli
