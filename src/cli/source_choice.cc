#include "cli/source_choice.h"

#include <fmt/core.h>

#include <cstdlib>

#include "weir/error.h"
#include "weir/log.h"

namespace weir::cli {

std::filesystem::path chosen_directory(const std::string& dir_argument) {
  if (!dir_argument.empty()) return dir_argument;
  if (const char* current = std::getenv("PROMETHEUS_MULTIPROC_DIR"); current != nullptr && *current != '\0')
    return current;
  if (const char* old = std::getenv("prometheus_multiproc_dir"); old != nullptr && *old != '\0') {
    log_line(LogLevel::warning,
             "environment variable prometheus_multiproc_dir is deprecated; name it PROMETHEUS_MULTIPROC_DIR");
    return old;
  }
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
