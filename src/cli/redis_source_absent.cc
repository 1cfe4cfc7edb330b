#include <fmt/core.h>

#include "cli/redis_source.h"
#include "config/redis_support.h"
#include "weir/error.h"

namespace weir::cli {

bool has_redis_support() noexcept { return false; }

ChosenSource redis_source(const SourceArguments& /*arguments*/) {
  throw ConfigError(fmt::format("--redis: {}", kHowToBuildRedis));
}

int check_redis(const SourceArguments& /*arguments*/, bool /*all*/) {
  throw ConfigError(fmt::format("--redis: {}", kHowToBuildRedis));
}

int fold_redis(const SourceArguments& /*arguments*/, double /*keep_all*/) {
  throw ConfigError(fmt::format("--redis: {}", kHowToBuildRedis));
}

int migrate_to_redis(const std::string& /*directory*/, const SourceArguments& /*arguments*/, bool /*dry_run*/,
                     bool /*all*/) {
  throw ConfigError(fmt::format("--redis: {}", kHowToBuildRedis));
}

}  // namespace weir::cli
