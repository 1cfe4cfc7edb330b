#include "cli/source_choice.h"

#include <fmt/core.h>

#include "config/environment.h"
#include "weir/error.h"

namespace weir::cli {

std::filesystem::path chosen_directory(const std::string& dir_argument) {
  if (!dir_argument.empty()) return dir_argument;
  if (std::string named = environment::multiprocess_directory(); !named.empty()) return named;
  throw ConfigError(
      "no metrics to read: give --dir DIRECTORY, or set PROMETHEUS_MULTIPROC_DIR to the directory the processes write "
      "to");
}

void report_problems(const Collection& collection) {
  for (const Problem& problem : collection.problems) {
    fmt::print(stderr, "weir: skipped: {}\n", message_with_subject(problem));
  }
}

bool nothing_could_be_read(const Collection& collection) {
  return collection.snapshot.values.empty() && !collection.problems.empty();
}

}  // namespace weir::cli
