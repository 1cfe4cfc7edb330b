// Which key of a command says where a Cluster executes it.
//
//   routing_key({{"EVALSHA", sha, "2", "{b07}a", "{b07}b"}})          // "{b07}a"
//   routing_key({{"PING"}})                                           // none: any node will do
//
// Known are the commands metrics are stored with and those of administration; the first key of a rarer one with its key
// elsewhere is named by RedisCommand::route_key.
//
// Thread safety: a pure function.
#pragma once

#include <optional>
#include <string_view>

#include "weir/redis_client.h"

namespace weir {

/// `route_key`; else the first key of the command; nothing for a command without keys. Refers into `command`.
std::optional<std::string_view> routing_key(const RedisCommand& command);

}  // namespace weir
