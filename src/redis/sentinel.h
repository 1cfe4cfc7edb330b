// One Sentinel, as a client asks it: with user and password only where it wants some.
//
//   Sentinel sentinel(options, address, std::chrono::seconds(1));
//   RedisReply reply = sentinel.ask(command);
//
// Thread safety: any thread. Process safety: as Node.
#pragma once

#include <atomic>
#include <chrono>

#include "redis/node.h"

namespace weir {

/// One command, one reply; what went wrong on the way is a failure.
RedisReply ask_node(Node& node, const RedisCommand& command);

class Sentinel {
 public:
  /// `options` are the master's. It is waited for no longer than `patience`, to connect and to answer.
  Sentinel(const RedisOptions& options, const RedisAddress& address, std::chrono::milliseconds patience);

  RedisReply ask(const RedisCommand& command);
  /// It refused for want of a password, or for a wrong one.
  static bool wants_auth(const RedisReply& reply);

 private:
  const bool has_secrets_;
  Node plain_;  // both count for themselves: a Sentinel is not what the client talks to
  Node authenticated_;
  std::atomic<bool> uses_auth_{false};  // relaxed: a hint alone
};

}  // namespace weir
