// How a Redis does that metrics are kept in: for `weir check --redis` and people.
//
//   const RedisInspection found = inspect_redis(client, {.key_prefix = "gunicorn"});
//   for (const Problem& fault : found.faults) …
//
// It looks at the server and at what keeps processes apart (claims, leases, indexes, epochs); what single values and
// metadata are worth, RedisMultiProcessCollector says. Writes nothing. It scans all keys of the prefix once.
//
// Thread safety: one thread at a time. Process safety: reads only. Invariants: I4.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "redis_collect/claims_on_server.h"
#include "weir/redis_client.h"
#include "weir/snapshot.h"

namespace weir {

struct InspectRedisOptions {
  std::string key_prefix = "gunicorn";                       ///< of the per-process layout
  std::vector<std::string> shared_prefixes{"", "gunicorn"};  ///< of the shared layout, without `-`
};

/// One server: the only one, or one master of a Cluster. Empty texts and -1: the server does not say.
struct InspectedRedisServer {
  std::string version;
  std::string role;               ///< master, slave
  std::int64_t uptime = -1;       ///< seconds
  std::int64_t used_memory = -1;  ///< bytes
  std::int64_t max_memory = -1;   ///< bytes; 0: no limit
  std::string policy;             ///< maxmemory-policy
  bool appends = false;           ///< an append-only file is kept
  std::int64_t evicted = 0;       ///< keys, since its start
};

struct RedisInspection {
  std::vector<InspectedRedisServer> servers;
  std::int64_t database_keys = 0;
  double ping_median = 0;     ///< seconds
  double ping_longest = 0;    ///< seconds
  double clock_ahead = 0;     ///< seconds the server's clock is ahead of this host's
  std::string user;           ///< of the ACL; empty: not told
  bool knows_rights = false;  ///< the server told which commands the user may run
  std::vector<std::string> rights_missing_for_reading;
  std::vector<std::string> rights_missing_for_writing;
  std::vector<std::string> rights_missing_for_folding;  ///< besides, and what for: `INCR (…)`
  std::vector<ClaimOnServer> claims;
  std::size_t live_with_epoch = 0;  ///< live writers whose lease names the present epoch
  std::size_t live = 0;
  std::map<std::string, std::size_t> keys_by_kind;  ///< value keys of the per-process layout
  std::size_t shared_metrics = 0;                   ///< described in the shared layout
  std::vector<Problem> faults;                      ///< what is wrong
  std::vector<std::string> notes;                   ///< what is worth knowing
};

/// Throws RedisError when the server cannot be reached or refuses the password.
RedisInspection inspect_redis(RedisClient& client, const InspectRedisOptions& options);

}  // namespace weir
