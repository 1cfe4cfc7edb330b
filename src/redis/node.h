// One Redis server and the connections kept to it.
//
//   Node node(address, options, counters);
//   node.exchange(commands, replies);                              // takes a connection, opens one if none is free
//
// A connection idle for longer than the health check interval is asked PING before it is used. Commands that are
// `repeatable` and got no answer because a *kept* connection had died are sent once more on a fresh one. After failures
// to connect, attempts within the backoff's wait fail at once with the words of the last failure (backoff.h), so a
// server that is gone costs nobody a timeout a call. A lone PING asks really: it is how people and health checks ask.
//
// Thread safety: exchange() from any thread, each call with a connection of its own; no lock is held over a socket.
// Process safety: notices a fork by the process id, and abandons the parent's connections.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "redis/client_counters.h"
#include "weir/redis_client.h"

namespace weir {

class Node {
 public:
  Node(RedisAddress address, RedisOptions options, std::shared_ptr<ClientCounters> counters);
  ~Node();

  /// replies[i] answers *commands[i]; failures are replies, nothing is thrown.
  void exchange(std::span<const RedisCommand* const> commands, std::span<RedisReply> replies);
  /// How many connections were opened so far.
  std::uint64_t generation() const noexcept;
  /// Closes what is idle: the next exchange connects anew (after READONLY, a failover, a changed address).
  void drop_connections();
  const RedisAddress& address() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
