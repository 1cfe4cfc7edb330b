// The Lua scripts of the per-process layout (protocols P7 to P9). Keys and arguments stand before each in scripts.cc.
//
// A script answers an array whose first element is a word: OWNED, TAKEN, OK, OLD, FENCED, LOST. The first write of each
// is one that raises, so a server that takes no writes (READONLY, OOM, MISCONF) answers that error and nothing else.
//
// Thread safety: constants. Source: Redis 7 and Valkey; works from Redis 5 on.
#pragma once

#include <string_view>

#include "weir/redis_client.h"

namespace weir {

struct Scripts {
  Scripts();

  RedisScript claim;    ///< makes a claim, or takes one's own again, with a lease
  RedisScript ship;     ///< new values of samples whose keys exist
  RedisScript create;   ///< values and metadata of samples new to the server, index included
  RedisScript lease;    ///< renews the lease, tells how the writer is, gives the server's time
  RedisScript expire;   ///< renews the expiry of keys, names those that are gone
  RedisScript goodbye;  ///< says that a writer counts no more and that all it counted is here
  RedisScript retreat;  ///< takes all a writer has made away again: another's keys stand under its name
  RedisScript batch;    ///< increments and sets of the shared layout (P10)
};

/// Made once, by the first storage: never in a thread that a fork could catch in the middle.
const Scripts& scripts();

/// The word a script answered; empty for an error or a failure.
inline std::string_view answer_word(const RedisReply& reply) {
  return reply.elements.empty() ? std::string_view{} : std::string_view(reply.elements.front().text);
}

}  // namespace weir
