// The three kinds of client behind make_redis_client(); each has its own source file.
//
// Thread safety: pure functions.
#pragma once

#include <memory>

#include "weir/redis_client.h"

namespace weir {

std::shared_ptr<RedisClient> make_single_client(RedisOptions options);
std::shared_ptr<RedisClient> make_sentinel_client(RedisOptions options);
std::shared_ptr<RedisClient> make_cluster_client(RedisOptions options);

}  // namespace weir
