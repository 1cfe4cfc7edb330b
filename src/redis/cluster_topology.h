// What a client knows of its Cluster: the slot map, the nodes, and when to ask for the map again.
//
//   ClusterTopology topology(options, counters);
//   if (std::optional<RedisReply> why = topology.refresh_if_due()) return *why;   // no node says what the Cluster is
//   std::shared_ptr<const SlotMap> map = topology.map();
//   topology.node(map->shard_of(slot)->master)->exchange(commands, replies);
//
// The map is fetched by CLUSTER SLOTS: when there is none, and, at most once in kRefreshInterval, after mark_old();
// where replicas are read from also every health check interval. A node that did not answer is asked last. Nodes that
// left the map are forgotten.
//
// Thread safety: every member from any thread; no lock is held over a socket. Two threads may fetch the first map both.
// Process safety: a forked child takes the state over, unless a thread was in the middle of changing it: then it starts
// anew and lets the parent's state be (a lock held by a thread that is not there would never be freed). I7.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "model/mutex.h"
#include "redis/client_counters.h"
#include "redis/cluster_slots.h"
#include "redis/node.h"

namespace weir {

class ClusterTopology {
 public:
  static constexpr std::chrono::milliseconds kRefreshInterval{500};

  ClusterTopology(RedisOptions options, std::shared_ptr<ClientCounters> counters);
  ~ClusterTopology();
  ClusterTopology(const ClusterTopology&) = delete;
  ClusterTopology& operator=(const ClusterTopology&) = delete;

  /// Fetches the map if there is none, or if it is old and its time has come. Returns why there is none; nothing when
  /// there is one, be it the old one.
  std::optional<RedisReply> refresh_if_due();
  /// Fetches the map now; why it could not, or nothing.
  std::optional<RedisReply> refresh();
  /// Never null; empty before the first fetch.
  std::shared_ptr<const SlotMap> map();
  void mark_old();
  /// What MOVED replies said: the map follows at once, ahead of the next fetch.
  void move_slots(std::span<const std::pair<std::uint16_t, RedisAddress>> moved);

  /// The node at `address`, made if it is new.
  std::shared_ptr<Node> node(const RedisAddress& address);
  /// For commands without keys: a master that answered last time, or what else is known; the same until the next fetch.
  RedisAddress any_node();
  /// Whether the node's last exchange failed.
  void set_failing(const RedisAddress& address, bool failing);
  /// Rises with every connection made and every slot that changed its master.
  std::uint64_t generation() const;

 private:
  struct State;
  State& state() const;
  std::vector<RedisAddress> whom_to_ask();
  void install(SlotMap map);

  const RedisOptions options_;
  const std::shared_ptr<ClientCounters> counters_;
  mutable std::atomic<State*> state_;  // of this process; released when made, acquired when read
};

}  // namespace weir
