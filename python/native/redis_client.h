// weir._weir.RedisClient, as the other files of Redis take it.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>

#include "weir/redis_client.h"
#include "weir/redis_options.h"

namespace weir::python {

/// A client, and what it was made of: settings of a storage can be made of it again.
struct RedisConnection {
  std::shared_ptr<RedisClient> client;
  RedisOptions options;
};

/// Options from the keywords of RedisClient(): those of redis-py, and `url`, `sentinels`, `cluster_nodes`. Throws
/// ConfigError naming what cannot be used, TypeError for a keyword it does not know.
RedisOptions redis_options_from(const pybind11::kwargs& keywords);

}  // namespace weir::python
