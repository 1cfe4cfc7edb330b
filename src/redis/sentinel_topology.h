// Who is master now, by the word of the Sentinels and of the server itself.
//
//   SentinelTopology topology(options, counters);
//   SentinelTopology::Found found = topology.master();               // found.node, or found.why there is none
//   topology.doubt(*found.node);                                     // it failed: the next call asks again
//
// The Sentinels are asked in turn, the one that answered last first, each for a second at most; the first whose master
// says by ROLE that it is one is believed. They are asked at the start, after doubt(), and every health check interval,
// so that a master replaced behind a partition is left. When none answers, the master known before is kept if it
// still says it is one.
//
// User and password are the master's. A Sentinel gets them only when it asks for some (NOAUTH); TLS is spoken to both.
//
// Thread safety: every member from any thread; no lock is held over a socket. Several threads may ask at once.
// Process safety: a forked child takes the state over, unless a thread was in the middle of changing it: then it starts
// anew and lets the parent's state be. I7.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "redis/client_counters.h"
#include "redis/node.h"
#include "redis/sentinel.h"

namespace weir {

class SentinelTopology {
 public:
  /// The longest one Sentinel is waited for, to connect and to answer.
  static constexpr std::chrono::milliseconds kPatience{1000};

  struct Found {
    std::shared_ptr<Node> node;  // or
    RedisReply why;              // there is none: a failure
    bool may_come = false;       // a Sentinel named one that is not ready: a failover may be under way
  };

  SentinelTopology(RedisOptions options, std::shared_ptr<ClientCounters> counters);
  ~SentinelTopology();
  SentinelTopology(const SentinelTopology&) = delete;
  SentinelTopology& operator=(const SentinelTopology&) = delete;

  /// The master; asks if there is none, there is doubt, or it is time.
  Found master();
  /// A replica, always the same while it is there; null when there is none or replicas are not to be read from.
  std::shared_ptr<Node> replica();
  /// The next master() asks the Sentinels, unless another master was found meanwhile.
  void doubt(const Node& master);
  /// The replica did not answer: none is used until the Sentinels are asked again, kPatience from now.
  void leave_replica(const Node& replica);
  /// False when `master` was connected anew since its role was last asked, and says now that it is none.
  bool is_still_master(Node& master);
  /// Rises with every connection to the master and every new master.
  std::uint64_t generation() const;
  /// Rises with every new master.
  std::uint64_t changes() const;

 private:
  struct State;
  struct Candidate {  // said it is master, at that generation of its node
    std::shared_ptr<Node> node;
    std::uint64_t verified = 0;
  };
  State& state() const;
  std::shared_ptr<Node> node_at(const RedisAddress& address);
  Found ask();
  /// Empty when it is no master; adds the reason to `why`.
  Candidate try_master(const RedisAddress& address, RedisReply& why);
  Candidate try_known_master(RedisReply& why);
  std::vector<RedisAddress> replicas_by(Sentinel& sentinel, const RedisAddress& master);
  void install(const Candidate& candidate, const std::vector<RedisAddress>& replicas);

  const RedisOptions options_;
  const std::shared_ptr<ClientCounters> counters_;
  const RedisCommand master_query_;
  const RedisCommand replicas_query_;
  /// Beside the pid it spreads clients over the replicas: in containers every process may be number 1.
  const std::size_t made_at_ = static_cast<std::size_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  std::vector<std::unique_ptr<Sentinel>> sentinels_;  // constant after construction
  std::atomic<std::size_t> first_{0};                 // of sentinels_, to be asked; relaxed: a hint alone
  mutable std::atomic<State*> state_;                 // of this process; released when made, acquired when read
};

}  // namespace weir
