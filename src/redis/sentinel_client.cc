// The client of the master that Sentinels name: follows a failover, and sends again what the change cost its reply.
//
// What was refused unexecuted (READONLY, MASTERDOWN, LOADING) goes to the new master, whatever it is; what got no
// answer may have been executed, and is sent again only if that is harmless. All within the reply timeout; what is
// refused to the end is a failure of connection. Commands of one pipeline stay in order, except that one without an
// answer may come before or after a repeated one.

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include "redis/clients.h"
#include "redis/cluster_redirect.h"
#include "redis/sentinel_replies.h"
#include "redis/sentinel_topology.h"

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;
using Failure = RedisReply::Failure;
using Places = std::vector<std::size_t>;  // of commands in their pipeline

class SentinelClient final : public RedisClient {
 public:
  explicit SentinelClient(RedisOptions options)
      : options_(std::move(options)), counters_(std::make_shared<ClientCounters>()), topology_(options_, counters_) {}

  bool ping() override {
    command({{"PING"}, "", true, false});
    return true;
  }
  std::vector<RedisReply> pipeline(std::span<const RedisCommand> commands) override;
  std::uint64_t generation() const override { return topology_.generation(); }
  bool is_cluster() const override { return false; }
  std::string describe() const override { return weir::describe(options_); }
  RedisClientStatistics statistics() const override { return counters_->read(); }
  std::vector<RedisReply> on_every_master(const RedisCommand& command) override { return pipeline({&command, 1}); }
  std::vector<std::string> scan_keys(const std::string& pattern, std::size_t count) override;

 private:
  Places ask_replica(std::span<const RedisCommand> commands, Places places, std::span<RedisReply> replies);
  Places ask_master(std::span<const RedisCommand> commands, const Places& places, std::span<RedisReply> replies);
  bool scan_once(const std::string& pattern, std::size_t count, std::set<std::string>& keys);

  const RedisOptions options_;
  const std::shared_ptr<ClientCounters> counters_;
  SentinelTopology topology_;
};

void exchange(Node& node, std::span<const RedisCommand> commands, const Places& places, std::span<RedisReply> replies) {
  std::vector<const RedisCommand*> sent;
  for (const std::size_t place : places) sent.push_back(&commands[place]);
  std::vector<RedisReply> received(sent.size());
  node.exchange(sent, received);
  for (std::size_t i = 0; i < places.size(); ++i) replies[places[i]] = std::move(received[i]);
}

/// What is still refused was not executed: to the caller that is the same as no master.
void give_up(const Places& places, std::span<RedisReply> replies) {
  for (const std::size_t place : places) {
    RedisReply& reply = replies[place];
    if (!reply.is_failure()) {
      reply = RedisReply::make_failure(Failure::connection, fmt::format("no master executed it: {}", reply.text));
    }
  }
}

std::vector<RedisReply> SentinelClient::pipeline(std::span<const RedisCommand> commands) {
  std::vector<RedisReply> replies(commands.size());
  Places places(commands.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
  RedirectBudget budget(Clock::now(), options_.reply_timeout);
  if (options_.read_from_replicas) places = ask_replica(commands, std::move(places), replies);
  while (!places.empty()) {
    places = ask_master(commands, places, replies);
    if (places.empty()) break;
    const std::optional<std::chrono::milliseconds> pause = budget.next(true, Clock::now());
    if (!pause) {
      give_up(places, replies);
      break;
    }
    std::this_thread::sleep_for(*pause);
  }
  return replies;
}

/// Returns what is left to the master: what changes something, and what the replica did not answer in order.
Places SentinelClient::ask_replica(std::span<const RedisCommand> commands, Places places,
                                   std::span<RedisReply> replies) {
  const std::shared_ptr<Node> replica = topology_.replica();
  if (!replica) return places;  // none, or nobody asked the Sentinels yet
  Places reads;
  Places left;
  for (const std::size_t place : places) (commands[place].reads ? reads : left).push_back(place);
  exchange(*replica, commands, reads, replies);
  for (const std::size_t place : reads) {
    if (!replies[place].is_failure() && !is_refusal(replies[place])) continue;
    topology_.leave_replica(*replica);
    left.push_back(place);
  }
  std::sort(left.begin(), left.end());
  return left;
}

/// Returns what is to be sent again.
Places SentinelClient::ask_master(std::span<const RedisCommand> commands, const Places& places,
                                  std::span<RedisReply> replies) {
  const SentinelTopology::Found found = topology_.master();
  if (!found.node) {
    for (const std::size_t place : places) replies[place] = found.why;
    const bool is_final = !found.may_come || found.why.failure == Failure::authentication;
    return is_final ? Places() : places;  // nothing was sent
  }
  exchange(*found.node, commands, places, replies);
  const bool is_master = topology_.is_still_master(*found.node);
  bool doubtful = !is_master;
  Places again;
  for (const std::size_t place : places) {
    doubtful = doubtful || casts_doubt(replies[place]);
    const bool is_stale = !is_master && commands[place].reads;  // a replica's answer
    if (is_stale || is_sent_again(commands[place], replies[place])) again.push_back(place);
  }
  if (doubtful) {
    topology_.doubt(*found.node);
    found.node->drop_connections();
  }
  return again;
}

std::vector<std::string> SentinelClient::scan_keys(const std::string& pattern, std::size_t count) {
  constexpr int kMostScans = 5;
  std::set<std::string> keys;
  for (int i = 0; i < kMostScans; ++i) {
    if (scan_once(pattern, count, keys)) return {keys.begin(), keys.end()};
  }
  throw RedisConnectionError(
      fmt::format("SCAN {} at {}: the master changed in each of {} scans", pattern, describe(), kMostScans));
}

/// False when the master changed on the way: a cursor means nothing to another server.
bool SentinelClient::scan_once(const std::string& pattern, std::size_t count, std::set<std::string>& keys) {
  std::string cursor = "0";
  std::uint64_t changes = 0;
  bool is_first = true;
  do {
    RedisReply reply = command({{"SCAN", cursor, "MATCH", pattern, "COUNT", std::to_string(count)}, "", true, false});
    if (reply.elements.size() != 2 || reply.elements[0].kind != RedisReply::Kind::text) {
      throw RedisProtocolError(fmt::format("SCAN at {}: not a cursor and keys", describe()));
    }
    if (std::exchange(is_first, false)) changes = topology_.changes();
    if (changes != topology_.changes()) return false;
    cursor = std::move(reply.elements[0].text);
    for (RedisReply& key : reply.elements[1].elements) keys.insert(std::move(key.text));
  } while (cursor != "0");
  return true;
}

}  // namespace

std::shared_ptr<RedisClient> make_sentinel_client(RedisOptions options) {
  return std::make_shared<SentinelClient>(std::move(options));
}

}  // namespace weir
