#include "redis/sentinel_topology.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <utility>

#include "model/mutex.h"
#include "model/printable.h"
#include "redis/sentinel_replies.h"
#include "weir/redis_error.h"

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;
using Failure = RedisReply::Failure;

void add_word(RedisReply& why, const std::string& word) {
  if (!why.text.empty()) why.text += "; ";
  why.text += word;
}

RedisCommand role_command() { return {{"ROLE"}, "", true, false}; }

}  // namespace

struct SentinelTopology::State {
  const pid_t pid = ::getpid();
  Mutex mutex;
  std::map<RedisAddress, std::shared_ptr<Node>> nodes WEIR_GUARDED_BY(mutex);
  std::shared_ptr<Node> master WEIR_GUARDED_BY(mutex);
  std::shared_ptr<Node> replica WEIR_GUARDED_BY(mutex);
  std::uint64_t verified WEIR_GUARDED_BY(mutex) = 0;  // the master's generation when it last said that it is one
  bool doubtful WEIR_GUARDED_BY(mutex) = false;
  Clock::time_point next_ask WEIR_GUARDED_BY(mutex){};
  std::uint64_t changes WEIR_GUARDED_BY(mutex) = 0;  // of the master, and the generations of those before
};

SentinelTopology::SentinelTopology(RedisOptions options, std::shared_ptr<ClientCounters> counters)
    : options_(std::move(options)),
      counters_(std::move(counters)),
      master_query_{{"SENTINEL", "GET-MASTER-ADDR-BY-NAME", options_.master_name}, "", true, true},
      replicas_query_{{"SENTINEL", "REPLICAS", options_.master_name}, "", true, true},
      state_(new State) {
  for (const RedisAddress& address : options_.addresses) {
    sentinels_.push_back(std::make_unique<Sentinel>(options_, address, kPatience));
  }
}

SentinelTopology::~SentinelTopology() { delete &state(); }

SentinelTopology::State& SentinelTopology::state() const {
  State* state = state_.load(std::memory_order_acquire);
  if (state->pid == ::getpid()) return *state;
  auto fresh = std::make_unique<State>();
  {
    MutexLock mine(fresh->mutex);
    fresh->changes = std::uint64_t{1} << 32;  // above whatever the parent's was, should it not be had
    if (state->mutex.try_lock()) {
      fresh->nodes = std::move(state->nodes);  // nodes know by themselves what to do after a fork
      fresh->master = std::move(state->master);
      fresh->replica = std::move(state->replica);
      fresh->verified = state->verified;
      fresh->doubtful = state->doubtful;
      fresh->next_ask = state->next_ask;
      fresh->changes = state->changes + 1;
      state->mutex.unlock();
    }
  }
  // The parent's state is left alone: a lock in it may be held for ever.
  if (!state_.compare_exchange_strong(state, fresh.get(), std::memory_order_acq_rel)) return *state;
  return *fresh.release();
}

SentinelTopology::Found SentinelTopology::master() {
  State& state = this->state();
  std::shared_ptr<Node> known;
  {
    MutexLock lock(state.mutex);
    const bool due = Clock::now() >= state.next_ask;
    if (state.master && !state.doubtful && !due) return {.node = state.master, .why = {}};
    // Who comes while we ask out of routine goes on with the master known.
    if (!state.doubtful) known = state.master;
    if (due) state.next_ask = Clock::now() + std::max(options_.health_check_interval, kPatience);
  }
  Found found = ask();
  if (!found.node && known) return {.node = known, .why = {}};
  return found;
}

std::shared_ptr<Node> SentinelTopology::replica() {
  State& state = this->state();
  MutexLock lock(state.mutex);
  return state.replica;
}

void SentinelTopology::doubt(const Node& master) {
  State& state = this->state();
  MutexLock lock(state.mutex);
  if (state.master.get() == &master) state.doubtful = true;
}

void SentinelTopology::leave_replica(const Node& replica) {
  State& state = this->state();
  MutexLock lock(state.mutex);
  if (state.replica.get() != &replica) return;
  state.replica = nullptr;
  state.next_ask = std::min(state.next_ask, Clock::now() + kPatience);
}

bool SentinelTopology::is_still_master(Node& master) {
  State& state = this->state();
  const std::uint64_t generation = master.generation();
  {
    MutexLock lock(state.mutex);
    if (state.master.get() != &master || state.verified == generation) return true;
  }
  const RedisReply role = ask_node(master, role_command());
  if (role.is_failure()) return true;  // says nothing; what the commands met is known already
  if (!is_master(role)) return false;
  MutexLock lock(state.mutex);
  if (state.master.get() == &master) state.verified = generation;
  return true;
}

std::uint64_t SentinelTopology::generation() const {
  State& state = this->state();
  MutexLock lock(state.mutex);
  return state.changes + (state.master ? state.master->generation() : 0);
}

std::uint64_t SentinelTopology::changes() const {
  State& state = this->state();
  MutexLock lock(state.mutex);
  return state.changes;
}

std::shared_ptr<Node> SentinelTopology::node_at(const RedisAddress& address) {
  State& state = this->state();
  MutexLock lock(state.mutex);
  std::shared_ptr<Node>& node = state.nodes[address];
  if (!node) node = std::make_shared<Node>(address, options_, counters_);
  return node;
}

SentinelTopology::Found SentinelTopology::ask() {
  RedisReply why = RedisReply::make_failure(Failure::connection, "");
  const Clock::time_point end = Clock::now() + options_.connect_timeout + options_.reply_timeout;
  const std::size_t first = first_.load(std::memory_order_relaxed);
  std::set<RedisAddress> tried;
  std::size_t refused = 0;
  for (std::size_t i = 0; i < sentinels_.size() && Clock::now() < end; ++i) {
    const std::size_t at = (first + i) % sentinels_.size();
    const RedisReply reply = sentinels_[at]->ask(master_query_);
    const std::optional<RedisAddress> address = master_in(reply);
    if (!address) {
      if (Sentinel::wants_auth(reply)) ++refused;
      const std::string words = reply.is_good() ? "does not know it" : reply.text;
      add_word(why, fmt::format("Sentinel {}: {}", to_string(options_.addresses[at]), words));
      continue;
    }
    first_.store(at, std::memory_order_relaxed);
    if (!tried.insert(*address).second) continue;
    if (const Candidate candidate = try_master(*address, why); candidate.node) {
      install(candidate, replicas_by(*sentinels_[at], *address));
      return {.node = candidate.node, .why = {}};
    }
  }
  if (tried.empty()) {
    if (const Candidate candidate = try_known_master(why); candidate.node) return {.node = candidate.node, .why = {}};
  }
  if (refused == sentinels_.size()) why.failure = Failure::authentication;
  why.text = fmt::format("no master {}: {}", printable(options_.master_name), why.text);
  return {nullptr, std::move(why), !tried.empty()};
}

SentinelTopology::Candidate SentinelTopology::try_master(const RedisAddress& address, RedisReply& why) {
  const std::shared_ptr<Node> node = node_at(address);
  const RedisReply role = ask_node(*node, role_command());
  if (is_master(role)) return {node, node->generation()};
  if (role.is_good()) {
    node->drop_connections();  // it may be about to change its role, which a new connection shows
    add_word(why, fmt::format("{}, named by a Sentinel, is no master", to_string(address)));
    return {};
  }
  if (role.is_failure()) why.failure = role.failure;
  add_word(why, fmt::format("{}, named by a Sentinel: {}", to_string(address), role.text));
  return {};
}

SentinelTopology::Candidate SentinelTopology::try_known_master(RedisReply& why) {
  std::shared_ptr<Node> known;
  {
    State& state = this->state();
    MutexLock lock(state.mutex);
    known = state.master;
  }
  if (!known) return {};
  const Candidate candidate = try_master(known->address(), why);
  if (candidate.node) install(candidate, {});
  return candidate;
}

std::vector<RedisAddress> SentinelTopology::replicas_by(Sentinel& sentinel, const RedisAddress& master) {
  if (!options_.read_from_replicas) return {};
  std::vector<RedisAddress> replicas = replicas_in(sentinel.ask(replicas_query_));
  std::erase(replicas, master);
  return replicas;
}

void SentinelTopology::install(const Candidate& candidate, const std::vector<RedisAddress>& replicas) {
  // Clients spread over the replicas, and each stays with its own: values of another could be older than those before.
  const std::size_t choice = made_at_ + static_cast<std::size_t>(::getpid());
  const std::shared_ptr<Node> replica = replicas.empty() ? nullptr : node_at(replicas[choice % replicas.size()]);
  std::map<RedisAddress, std::shared_ptr<Node>> forgotten;  // closed after the lock is freed
  State& state = this->state();
  MutexLock lock(state.mutex);
  if (state.master && state.master != candidate.node) state.changes += state.master->generation() + 1;
  state.master = candidate.node;
  state.replica = replica;
  state.verified = candidate.verified;
  state.doubtful = false;
  const bool lacks_replica = options_.read_from_replicas && !replica;  // one may come any moment
  state.next_ask = Clock::now() + (lacks_replica ? kPatience : std::max(options_.health_check_interval, kPatience));
  forgotten.swap(state.nodes);
  state.nodes[candidate.node->address()] = candidate.node;
  if (replica) state.nodes[replica->address()] = replica;
}

}  // namespace weir
