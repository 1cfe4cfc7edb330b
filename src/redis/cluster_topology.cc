#include "redis/cluster_topology.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "weir/redis_error.h"

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;

struct Member {
  std::shared_ptr<Node> node;
  bool failing = false;
};

bool contains(const std::vector<RedisAddress>& addresses, const RedisAddress& address) {
  return std::find(addresses.begin(), addresses.end(), address) != addresses.end();
}

// Why this reply of CLUSTER SLOTS is no map.
RedisReply refusal(const RedisReply& reply, const RedisAddress& asked) {
  using Failure = RedisReply::Failure;
  if (reply.is_failure()) return reply;
  const std::string_view code = reply.error_code();
  const bool refused = code == "NOAUTH" || code == "WRONGPASS" || code == "NOPERM";
  return RedisReply::make_failure(refused ? Failure::authentication : Failure::connection,
                                  fmt::format("CLUSTER SLOTS of {}: {}", to_string(asked), reply.text));
}

}  // namespace

struct ClusterTopology::State {
  const pid_t pid = ::getpid();
  Mutex mutex;
  std::shared_ptr<const SlotMap> map WEIR_GUARDED_BY(mutex) = std::make_shared<SlotMap>();
  std::map<RedisAddress, Member> members WEIR_GUARDED_BY(mutex);
  bool old WEIR_GUARDED_BY(mutex) = true;
  Clock::time_point fetched WEIR_GUARDED_BY(mutex){};
  Clock::time_point next_refresh WEIR_GUARDED_BY(mutex){};
  std::size_t refreshes WEIR_GUARDED_BY(mutex) = 0;
  std::uint64_t changes WEIR_GUARDED_BY(mutex) = 0;  // of the map, and the generations of forgotten nodes
};

ClusterTopology::ClusterTopology(RedisOptions options, std::shared_ptr<ClientCounters> counters)
    : options_(std::move(options)), counters_(std::move(counters)), state_(new State) {}

ClusterTopology::~ClusterTopology() { delete &state(); }

ClusterTopology::State& ClusterTopology::state() const {
  State* state = state_.load(std::memory_order_acquire);
  if (state->pid == ::getpid()) return *state;
  auto fresh = std::make_unique<State>();
  {
    MutexLock mine(fresh->mutex);
    fresh->changes = std::uint64_t{1} << 32;  // above whatever the parent's was, should it not be had
    if (state->mutex.try_lock()) {
      fresh->map = state->map;
      fresh->members = std::move(state->members);  // nodes know by themselves what to do after a fork
      fresh->changes = state->changes + 1;
      state->mutex.unlock();
    }
  }
  // The parent's state is left alone: a lock in it may be held for ever.
  if (!state_.compare_exchange_strong(state, fresh.get(), std::memory_order_acq_rel)) return *state;
  return *fresh.release();
}

std::shared_ptr<const SlotMap> ClusterTopology::map() {
  State& state = this->state();
  MutexLock lock(state.mutex);
  return state.map;
}

void ClusterTopology::mark_old() {
  State& state = this->state();
  MutexLock lock(state.mutex);
  state.old = true;
}

std::shared_ptr<Node> ClusterTopology::node(const RedisAddress& address) {
  State& state = this->state();
  MutexLock lock(state.mutex);
  Member& member = state.members[address];
  if (!member.node) member.node = std::make_shared<Node>(address, options_, counters_);
  return member.node;
}

void ClusterTopology::set_failing(const RedisAddress& address, bool failing) {
  State& state = this->state();
  MutexLock lock(state.mutex);
  if (const auto found = state.members.find(address); found != state.members.end()) found->second.failing = failing;
}

std::uint64_t ClusterTopology::generation() const {
  State& state = this->state();
  MutexLock lock(state.mutex);
  std::uint64_t sum = state.changes;
  for (const auto& [address, member] : state.members) sum += member.node ? member.node->generation() : 0;
  return sum;
}

RedisAddress ClusterTopology::any_node() { return whom_to_ask().front(); }

// Masters first, begun at one that differs by process; then replicas, then seeds; those that failed after all others.
std::vector<RedisAddress> ClusterTopology::whom_to_ask() {
  State& state = this->state();
  MutexLock lock(state.mutex);
  std::vector<RedisAddress> addresses = state.map->masters();
  if (!addresses.empty()) {
    const std::size_t first = (static_cast<std::size_t>(state.pid) + state.refreshes) % addresses.size();
    std::rotate(addresses.begin(), addresses.begin() + static_cast<std::ptrdiff_t>(first), addresses.end());
  }
  for (const ClusterShard& shard : state.map->shards()) {
    for (const RedisAddress& replica : shard.replicas) {
      if (!contains(addresses, replica)) addresses.push_back(replica);
    }
  }
  for (const RedisAddress& seed : options_.addresses) {
    if (!contains(addresses, seed)) addresses.push_back(seed);
  }
  std::vector<RedisAddress> answering;
  std::vector<RedisAddress> failing;
  for (RedisAddress& address : addresses) {
    const auto found = state.members.find(address);
    const bool failed = found != state.members.end() && found->second.failing;
    (failed ? failing : answering).push_back(std::move(address));
  }
  answering.insert(answering.end(), failing.begin(), failing.end());
  return answering;
}

std::optional<RedisReply> ClusterTopology::refresh_if_due() {
  State& state = this->state();
  {
    MutexLock lock(state.mutex);
    const Clock::time_point now = Clock::now();
    // Nobody says that there is a new replica, so those who read from them look.
    const bool old = state.old || (options_.read_from_replicas && now > state.fetched + options_.health_check_interval);
    if (!state.map->empty() && (!old || now < state.next_refresh)) return std::nullopt;
  }
  std::optional<RedisReply> why = refresh();
  if (why && !map()->empty()) return std::nullopt;
  return why;
}

std::optional<RedisReply> ClusterTopology::refresh() {
  const RedisCommand slots{{"CLUSTER", "SLOTS"}, "", true, true};
  {
    State& state = this->state();
    MutexLock lock(state.mutex);
    state.old = false;  // what makes it old while we ask counts
    state.next_refresh = Clock::now() + kRefreshInterval;
    ++state.refreshes;
  }
  const Clock::time_point end = Clock::now() + options_.connect_timeout + options_.reply_timeout;
  std::optional<RedisReply> why;
  for (const RedisAddress& address : whom_to_ask()) {
    if (why && Clock::now() > end) break;
    const RedisCommand* command = &slots;
    RedisReply reply;
    node(address)->exchange({&command, 1}, {&reply, 1});
    set_failing(address, reply.is_failure());
    try {
      if (!reply.is_good()) {
        why = refusal(reply, address);
        continue;
      }
      SlotMap map = SlotMap::parse(reply, address);
      if (!map.empty()) {
        install(std::move(map));
        return std::nullopt;
      }
      why = RedisReply::make_failure(RedisReply::Failure::connection,
                                     fmt::format("CLUSTER SLOTS of {}: no slot is served", to_string(address)));
    } catch (const RedisProtocolError& error) {
      why = RedisReply::make_failure(RedisReply::Failure::protocol, error.what());
    }
  }
  mark_old();
  return why;
}

void ClusterTopology::install(SlotMap map) {
  std::vector<RedisAddress> used = options_.addresses;
  for (const ClusterShard& shard : map.shards()) {
    used.push_back(shard.master);
    used.insert(used.end(), shard.replicas.begin(), shard.replicas.end());
  }
  std::vector<std::shared_ptr<Node>> forgotten;  // closed after the lock is freed
  State& state = this->state();
  MutexLock lock(state.mutex);
  if (!state.map->empty() && !map.has_same_masters(*state.map)) ++state.changes;
  state.map = std::make_shared<SlotMap>(std::move(map));
  state.fetched = Clock::now();
  for (auto member = state.members.begin(); member != state.members.end();) {
    if (contains(used, member->first)) {
      ++member;
      continue;
    }
    if (member->second.node) state.changes += member->second.node->generation() + 1;
    forgotten.push_back(std::move(member->second.node));
    member = state.members.erase(member);
  }
}

void ClusterTopology::move_slots(std::span<const std::pair<std::uint16_t, RedisAddress>> moved) {
  if (moved.empty()) return;
  State& state = this->state();
  MutexLock lock(state.mutex);
  auto map = std::make_shared<SlotMap>(*state.map);
  bool changed = false;
  for (const auto& [slot, address] : moved) changed = map->assign(slot, address) || changed;
  if (!changed) return;
  state.map = std::move(map);
  ++state.changes;
}

}  // namespace weir
