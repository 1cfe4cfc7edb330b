// The claims of a prefix, as the server has them: what processes tell of themselves, for people and monitoring.
//
//   for (const ClaimOnServer& claim : read_claims(reading, keys)) …
//
// Thread safety: one thread at a time a RedisReading. Invariants: I4 (what a claim says is text, never trusted).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "redis_collect/redis_merge_reading.h"
#include "redis_layout/redis_keys.h"

namespace weir {

struct ClaimOnServer {
  std::string writer;
  bool is_there = false;  ///< false: named in the set of writers, but the claim is gone
  std::string lease;      ///< the epoch it names; empty: dead
  bool said_goodbye = false;
  std::string host;
  std::string pid;
  std::string migrated_from;  ///< the directory `weir migrate` brought it from; else empty
  double flushed_at = 0;      ///< by the server's clock, Unix seconds; 0: not told
  std::uint64_t keys = 0;     ///< of its index, as the claim says
  std::uint64_t indexed = 0;  ///< as the index says
  std::uint64_t refused = 0;
  std::uint64_t lost_claims = 0;
  std::uint64_t lost_leases = 0;

  bool is_live() const noexcept { return !lease.empty(); }
};

/// `{b00}` to `{b31}` in a Cluster, else one empty text.
std::vector<std::string> buckets_of(const RedisClientProtocol& client);

/// Sorted by writer. Throws RedisError.
std::vector<ClaimOnServer> read_claims(RedisReading& reading, const RedisKeys& keys);

/// The server's clock, Unix seconds; of a Cluster one node's.
double read_server_time(RedisReading& reading, const RedisKeys& keys);

}  // namespace weir
