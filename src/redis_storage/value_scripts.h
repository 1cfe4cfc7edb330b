// The Lua scripts behind ValueHashes. Keys and arguments stand in value_scripts.cc.
//
// Thread safety: constants. Source: Redis 7 and Valkey; works from Redis 5 on.
#pragma once

#include <string_view>

#include "weir/redis_client.h"

namespace weir {

/// What a script answers instead of changing a hash that a process's Redis storage owns.
inline constexpr std::string_view kOwned = "OWNED";

struct ValueScripts {
  ValueScripts();

  RedisScript read_or_make;    ///< -> value, timestamp
  RedisScript write;           ///< -> OK or OLD, timestamp
  RedisScript write_exemplar;  ///< -> OK
  RedisScript make_meta;       ///< -> OK
  RedisScript erase;           ///< -> 1, 0: was not there, -1: owned
  RedisScript remove_live;     ///< -> how many values were removed; -1: the writer's lease runs
};

const ValueScripts& value_scripts();

}  // namespace weir
