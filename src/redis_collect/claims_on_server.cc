#include "redis_collect/claims_on_server.h"

#include <algorithm>
#include <charconv>

#include "format/number.h"
#include "weir/error.h"

namespace weir {
namespace {

constexpr std::size_t kAskedEach = 3;

std::uint64_t whole(const std::string& text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

double seconds(const std::string& text) {
  try {
    return text.empty() ? 0 : parse_number(text);
  } catch (const FormatError&) {
    return 0;
  }
}

void take_claim(ClaimOnServer& claim, const std::vector<RedisReply>& fields) {
  if (fields.size() != 10) return;
  claim.is_there = !fields[0].text.empty();
  claim.keys = whole(fields[1].text);
  claim.host = fields[2].text;
  claim.pid = fields[3].text;
  claim.said_goodbye = !fields[4].text.empty();
  claim.migrated_from = fields[5].text;
  claim.flushed_at = seconds(fields[6].text);
  claim.refused = whole(fields[7].text);
  claim.lost_claims = whole(fields[8].text);
  claim.lost_leases = whole(fields[9].text);
}

}  // namespace

std::vector<std::string> buckets_of(const RedisClientProtocol& client) {
  if (!client.is_cluster()) return {""};
  std::vector<std::string> buckets;
  buckets.reserve(kClusterBuckets);
  for (int i = 0; i < kClusterBuckets; ++i) buckets.push_back(bucket_of(static_cast<long>(i)));
  return buckets;
}

std::vector<ClaimOnServer> read_claims(RedisReading& reading, const RedisKeys& keys) {
  std::vector<RedisCommand> sets;
  for (const std::string& bucket : buckets_of(reading.client())) {
    sets.push_back(read_command({"SMEMBERS", keys.writers(bucket)}));
  }
  std::vector<ClaimOnServer> claims;
  for (const RedisReply& set : reading.ask(sets)) {
    for (const RedisReply& name : set.elements) {
      claims.emplace_back();
      claims.back().writer = name.text;
    }
  }
  std::sort(claims.begin(), claims.end(), [](const auto& a, const auto& b) { return a.writer < b.writer; });
  std::vector<RedisCommand> commands;
  for (const ClaimOnServer& claim : claims) {
    commands.push_back(read_command({"HMGET", keys.claim(claim.writer), "token", "keys", "host", "pid", "goodbye",
                                     "migrated_from", "flushed_at", "refused", "lost_claims", "lost_leases"}));
    commands.push_back(read_command({"GET", keys.lease(claim.writer)}));
    commands.push_back(read_command({"SCARD", keys.index(claim.writer)}));
  }
  reading.ask_each(commands, [&](std::size_t i, RedisReply& reply) {
    ClaimOnServer& claim = claims[i / kAskedEach];
    if (reply.is_error()) return;
    if (i % kAskedEach == 0) take_claim(claim, reply.elements);
    if (i % kAskedEach == 1) claim.lease = std::move(reply.text);
    if (i % kAskedEach == 2) claim.indexed = static_cast<std::uint64_t>(reply.integer);
  });
  return claims;
}

double read_server_time(RedisReading& reading, const RedisKeys& keys) {
  const RedisCommand ask = read_command({"TIME"}, keys.epoch(buckets_of(reading.client()).front()));
  const RedisReply time = reading.ask({&ask, 1}).front();
  if (time.elements.size() != 2) return 0;
  return seconds(time.elements[0].text) + seconds(time.elements[1].text) / 1e6;
}

}  // namespace weir
