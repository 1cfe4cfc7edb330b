#include "cli/source_choice.h"

#include <fmt/core.h>

#include <string_view>
#include <utility>

#include "cli/directory_source.h"
#include "cli/output.h"
#include "cli/redis_source.h"
#include "config/environment.h"
#include "config/redis_support.h"
#include "watch/url_source.h"
#include "watch/url_writers.h"
#include "weir/error.h"
#include "weir/log.h"

namespace weir::cli {
namespace {

/// Arguments that mean Redis, where a directory is read.
void refuse_redis_arguments(const SourceArguments& arguments, std::string_view why) {
  const std::pair<const char*, const std::string&> all[] = {{"--key-prefix", arguments.key_prefix},
                                                            {"--layout", arguments.layout},
                                                            {"--redis-password-file", arguments.redis_password_file}};
  for (const auto& [name, value] : all) {
    if (!value.empty()) throw ConfigError(fmt::format("{} is for Redis, but {}", name, why));
  }
}

/// What REDIS_ENABLED says, as programs take it: without Redis support a directory does.
bool environment_wants_redis() {
  if (!environment::flag("REDIS_ENABLED")) return false;
  if (has_redis_support()) return true;
  const std::string directory = environment::multiprocess_directory();
  if (directory.empty()) throw ConfigError(fmt::format("REDIS_ENABLED is set, but {}", kHowToBuildRedis));
  log_line(LogLevel::warning, fmt::format("REDIS_ENABLED is set, but {}; reading {}", kHowToBuildRedis, directory));
  return false;
}

ChosenSource exposition_source(const SourceArguments& arguments) {
  if (!arguments.dir.empty() || !arguments.redis.empty()) {
    throw ConfigError("--url, --dir and --redis: only one of them can be read; leave the others out");
  }
  refuse_redis_arguments(arguments, "--url is read");
  const UrlOptions options{.url = arguments.url, .ca_file = environment::variable("SSL_CERT_FILE").value_or("")};
  std::unique_ptr<Source> source = url_source(options);
  return {std::move(source), nullptr, "", "what it exposes is up to it", url_writers(options)};
}

}  // namespace

bool reads_redis(const SourceArguments& arguments) {
  if (!arguments.dir.empty()) {
    if (!arguments.redis.empty()) throw ConfigError("--dir and --redis: only one of them can be read; leave one out");
    refuse_redis_arguments(arguments, "--dir is read");
    return false;
  }
  if (!arguments.redis.empty() || environment_wants_redis()) return true;
  refuse_redis_arguments(arguments, "no Redis is named: give --redis URL, or set REDIS_ENABLED=true");
  return false;
}

ChosenSource chosen_source(const SourceArguments& arguments) {
  if (!arguments.url.empty()) return exposition_source(arguments);
  if (reads_redis(arguments)) return redis_source(arguments);
  if (!arguments.dir.empty()) return directory_source(arguments.dir, arguments.fold);
  return directory_source(chosen_directory(""), arguments.fold);
}

std::filesystem::path chosen_directory(const std::string& dir_argument, bool redis_would_do) {
  if (!dir_argument.empty()) return dir_argument;
  if (std::string named = environment::multiprocess_directory(); !named.empty()) return named;
  throw ConfigError(
      fmt::format("no metrics to read: give --dir DIRECTORY{}, or set PROMETHEUS_MULTIPROC_DIR to the directory the "
                  "processes write to{}",
                  redis_would_do ? " or --redis URL" : "", redis_would_do ? ", or REDIS_ENABLED=true" : ""));
}

void report_problems(const Collection& collection) {
  for (const Problem& problem : collection.problems) {
    write_error(fmt::format("weir: skipped: {}\n", message_with_subject(problem)));
  }
}

bool nothing_could_be_read(const Collection& collection) {
  return collection.snapshot.values.empty() && !collection.problems.empty();
}

}  // namespace weir::cli
