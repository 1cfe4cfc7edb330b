// Which metrics a subcommand reads: `--dir`, else what the environment names.
//
// Thread safety: reads the environment; call before threads start.
#pragma once

#include <filesystem>
#include <string>

#include "weir/snapshot.h"

namespace weir::cli {

/// The directory given, else PROMETHEUS_MULTIPROC_DIR, else (with a warning) prometheus_multiproc_dir. Throws
/// ConfigError with the next step when there is none. The directory need not exist.
std::filesystem::path chosen_directory(const std::string& dir_argument);

/// Names what was left out, a line each on standard error.
void report_problems(const Collection& collection);

/// True when there were problems and not one series.
bool nothing_could_be_read(const Collection& collection);

}  // namespace weir::cli
