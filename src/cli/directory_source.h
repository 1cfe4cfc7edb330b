// A multiprocess directory as what a subcommand reads.
#pragma once

#include <filesystem>

#include "cli/source_choice.h"

namespace weir::cli {

/// The directory need not exist: then `fault` says so.
ChosenSource directory_source(const std::filesystem::path& directory);

}  // namespace weir::cli
