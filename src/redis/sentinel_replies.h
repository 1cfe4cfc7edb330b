// What Sentinels and the servers they name say about themselves, and what follows: decisions without sockets.
//
//   std::optional<RedisAddress> master = master_in(reply);          // of SENTINEL GET-MASTER-ADDR-BY-NAME
//   if (is_master(role) && !is_sent_again(command, reply)) …
//
// Thread safety: pure functions.
// Source: https://redis.io/docs/reference/sentinel-clients/
#pragma once

#include <optional>
#include <vector>

#include "weir/redis_client.h"

namespace weir {

/// Nothing for a nil (a name the Sentinel does not know) and for what is no address.
std::optional<RedisAddress> master_in(const RedisReply& reply);

/// The replicas in a reply of SENTINEL REPLICAS that are up and follow their master; in order of address.
std::vector<RedisAddress> replicas_in(const RedisReply& reply);

/// Whether a reply of ROLE is a master's. True, too, where ROLE is not permitted: the Sentinel's word counts then.
bool is_master(const RedisReply& role);

/// The server refused unexecuted what a master would do, or a master in order: READONLY, MASTERDOWN, LOADING.
bool is_refusal(const RedisReply& reply);

/// Whether the Sentinels are to be asked who is master now, after a master's `reply`.
bool casts_doubt(const RedisReply& reply);

/// Whether `command` may be sent again after `reply`: it was refused unexecuted, or is harmless twice and got no
/// answer.
bool is_sent_again(const RedisCommand& command, const RedisReply& reply);

}  // namespace weir
