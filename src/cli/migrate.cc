#include "cli/migrate.h"

#include <memory>

#include "cli/redis_source.h"
#include "cli/source_options.h"
#include "config/environment.h"
#include "weir/error.h"

namespace weir::cli {

constexpr const char* kMigrateHelp = R"(Examples:
  weir migrate --dir /run/app/metrics --redis redis://cache.internal:6379/0 --dry-run
  weir migrate --dir /run/app/metrics --redis redis://cache.internal:6379/0
  weir show --redis redis://cache.internal:6379/0

Every process that left files becomes one in Redis, per-process layout, that has ended: counters, histograms, summaries
and gauges go on from where they are. Run it when the processes have stopped, before they start on Redis. A second run
brings what has changed since, and doubles nothing. Gauges of the modes live* are left out: their processes are gone.
The directory is only read; remove it when you are content.

Environment (flags win):
  PROMETHEUS_MULTIPROC_DIR   the directory, where --dir is not given
  REDIS_ENABLED              true: the Redis is the one programs write to (PROMETHEUS_REDIS_URL, REDIS_HOST, REDIS_PORT,
                             REDIS_DB and their kind), where --redis is not given
  REDIS_PASSWORD             its password, also with --redis; an argument holds none
  REDIS_PASSWORD_FILE        a file with it; without both, systemd's credential redis-password (CREDENTIALS_DIRECTORY)

Exit codes: 0 all there was is in Redis; 1 some of it is not (it is named), or the directory or the Redis cannot be used;
2 usage.)";

CommandSpec migrate_command() {
  auto arguments = std::make_shared<MigrateArguments>();
  CommandSpec command{"migrate", "Bring what a directory holds into a Redis, once", kMigrateHelp,
                      [arguments] { return migrate(*arguments); }};
  std::vector<OptionSpec>& options = command.options;
  add_dir(options, arguments->redis.dir);
  add_redis(options, arguments->redis, "Redis to write to, without a password");
  options.push_back({"--dry-run", &arguments->dry_run, "", "Look, and write nothing"});
  options.push_back({"--all", &arguments->all, "", "Every process, however many"});
  return command;
}

int migrate(const MigrateArguments& arguments) {
  SourceArguments redis = arguments.redis;
  const std::string directory = chosen_directory(redis.dir, false).string();
  redis.dir.clear();
  redis.layout = "per-process";  // whatever programs will write in, this is what is written here
  if (redis.redis.empty() && !environment::flag("REDIS_ENABLED")) {
    throw ConfigError("no Redis to write to: give --redis URL, or set REDIS_ENABLED=true and PROMETHEUS_REDIS_URL");
  }
  return migrate_to_redis(directory, redis, arguments.dry_run, arguments.all);
}

}  // namespace weir::cli
