// Which Redis `--redis` and the environment name, as subcommands that do more than read values need it.
//
// Only where Weir is built with Redis support. Thread safety: reads the environment; call before threads start.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/source_choice.h"
#include "weir/redis_client.h"
#include "weir/redis_collector.h"

namespace weir::cli {

struct ChosenRedis {
  std::shared_ptr<RedisClient> client;
  RedisOptions options;                      ///< what the client was made of
  RedisCollectorOptions collector;           ///< for reading it
  std::string key_prefix;                    ///< of the per-process layout
  std::vector<std::string> shared_prefixes;  ///< of the shared one
};

/// Asks the server nothing. Throws ConfigError for what cannot be used, such as a password in the URL.
ChosenRedis chosen_redis(const SourceArguments& arguments);

}  // namespace weir::cli
