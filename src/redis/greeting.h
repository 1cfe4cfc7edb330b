// The first words on a new connection: AUTH, SELECT, PING, in one round trip.
//
// Thread safety: one thread a stream.
#pragma once

#include <string>

#include "redis/resp.h"
#include "redis/stream.h"
#include "weir/redis_options.h"

namespace weir {

/// Throws RedisConnectionError, RedisTimeoutError, RedisAuthenticationError, RedisProtocolError; messages begin with
/// `connect to <name>` and hold no password, whatever the server answers.
void greet(Stream& stream, RespParser& parser, const std::string& name, const RedisOptions& options, Deadline deadline);

}  // namespace weir
