#include "redis_fold/dead_writers.h"

#include <algorithm>
#include <cmath>

#include "format/number.h"
#include "redis_collect/claims_on_server.h"
#include "weir/error.h"

namespace weir {
namespace {

/// A claim's number of seconds or milliseconds; `otherwise` where it has none, or one beyond any clock.
double number_of(const std::string& text, double otherwise) {
  constexpr double kMost = 1e15;
  try {
    const double number = text.empty() ? otherwise : parse_number(text);
    return std::abs(number) < kMost ? number : otherwise;
  } catch (const FormatError&) {
    return otherwise;
  }
}

/// A key of a wrong type costs that writer; a right that is missing would let nobody seem to have ended, in silence.
void refuse_denied(const RedisReply& reply) {
  if (reply.error_code() == "NOPERM") reply.throw_if_bad("looking which writers have ended");
}

constexpr double kUsualLease = 15000;   // ms
constexpr double kUsualTtl = 300;       // s
constexpr double kClockTolerance = 60;  // s; between a master's clock and its successor's

/// Everybody in the sets of writers but the retired, sorted.
std::vector<std::string> names_of_writers(RedisReading& reading, const RedisKeys& keys) {
  std::vector<RedisCommand> sets;
  for (const std::string& bucket : buckets_of(reading.client()))
    sets.push_back(read_command({"SMEMBERS", keys.writers(bucket)}));
  std::vector<std::string> names;
  for (const RedisReply& set : reading.ask(sets)) {
    refuse_denied(set);
    for (const RedisReply& name : set.elements) {
      if (!is_retired(name.text)) names.push_back(name.text);
    }
  }
  std::ranges::sort(names);
  return names;
}

/// Token, sequence, goodbye, when it was last heard of, lease in ms, TTL in s, the spool's host, the token it was
/// sealed from: as read_writers asks for them.
using Claim = std::vector<RedisReply>;

/// Puts a writer where it belongs: among those that live, wait, or are dead.
void judge(const std::string& name, const Claim& claim, bool has_lease, double now, WritersOnServer& found) {
  if (claim.size() != 8 || claim[0].text.empty()) return;  // a name in the set, and no claim: nobody
  const double lease = number_of(claim[4].text, kUsualLease);
  found.longest_lease = std::max(found.longest_lease, std::chrono::milliseconds(static_cast<std::int64_t>(lease)));
  if (has_lease) {
    ++found.live;
    return;
  }
  const bool said_goodbye = !claim[2].text.empty();
  const bool is_sealed = claim[0].text == kSealed;  // and has waited
  const bool is_spooled = !claim[6].text.empty() && !said_goodbye;
  const double silent = now - number_of(claim[3].text, 0) - lease / 1000;
  // What was heard of in a time to come was heard of before the server's clock was set back.
  const bool has_waited = silent >= number_of(claim[5].text, kUsualTtl) || silent < -lease / 1000 - kClockTolerance;
  if (!is_sealed && (is_spooled || !has_waited)) {
    ++found.waiting;
    return;
  }
  found.dead.push_back({name, claim[0].text, is_sealed ? claim[7].text : claim[0].text, claim[1].text, said_goodbye});
}

}  // namespace

WritersOnServer read_writers(RedisReading& reading, const RedisKeys& keys) {
  const std::vector<std::string> names = names_of_writers(reading, keys);
  std::vector<RedisCommand> commands;
  for (const std::string& name : names) {
    // The lease after the claim: a writer that comes back in between has a claim and a lease.
    commands.push_back(
        {{"HMGET", keys.claim(name), "token", "seq", "goodbye", "flushed_at", "lease", "ttl", "spool_host", "sealed"}});
    commands.push_back({{"EXISTS", keys.lease(name)}});
  }
  const double now = read_server_time(reading, keys);
  if (now == 0) throw RedisAuthenticationError("looking which writers have ended: no answer to TIME; allow +time");
  WritersOnServer found;
  Claim claim;
  reading.ask_each(commands, [&](std::size_t i, RedisReply& reply) {
    refuse_denied(reply);
    if (i % 2 == 0) {
      claim = std::move(reply.elements);
    } else {
      judge(names[i / 2], claim, reply.integer != 0, now, found);
    }
  });
  return found;
}

void CalmWatch::look(const std::string& node, const std::string& master, std::chrono::seconds uptime, bool was_promoted,
                     Clock::time_point now) {
  // What was never promoted is as old as its process; what was may have been so just now.
  const Clock::time_point known = was_promoted ? now : now - uptime;
  const auto [at, is_new] = nodes_.try_emplace(node, Node{master, known});
  if (is_new) return;
  if (at->second.master != master) at->second = {master, now};
  if (now - uptime > at->second.since) at->second.since = now - uptime;  // it was restarted
}

std::chrono::milliseconds CalmWatch::remaining(std::chrono::milliseconds needed, Clock::time_point now) const {
  std::chrono::milliseconds longest{0};
  for (const auto& [name, node] : nodes_) {
    const auto calm = std::chrono::duration_cast<std::chrono::milliseconds>(now - node.since);
    longest = std::max(longest, needed - calm);
  }
  return longest;
}

}  // namespace weir
