// One conversation with one Redis server: connected, secured, authenticated, its database selected.
//
//   auto connection = Connection::open(address, options);          // throws Redis…Error
//   connection->exchange(commands, replies);                       // all sent, all answered or failed
//
// Sends and receives at once, so a pipeline larger than both socket buffers cannot deadlock. The reply timeout runs
// from the last byte that came or went. A TLS or socket write to a dead peer raises no SIGPIPE.
//
// Thread safety: one thread at a time. Process safety: belongs to the process that opened it; in a forked child
// abandon() it: the descriptor is closed, and not a byte is sent (P12).
#pragma once

#include <chrono>
#include <memory>
#include <span>

#include "weir/redis_client.h"
#include "weir/redis_options.h"

namespace weir {

class Connection {
 public:
  /// Connects within the connect timeout (TLS handshake and AUTH included). Throws RedisConnectionError,
  /// RedisTimeoutError, RedisAuthenticationError; messages name the address and hold no password.
  static std::unique_ptr<Connection> open(const RedisAddress& address, const RedisOptions& options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// replies[i] answers *commands[i]. What got no answer is a failure, the first one saying why; the connection is then
  /// not usable any more.
  void exchange(std::span<const RedisCommand* const> commands, std::span<RedisReply> replies) noexcept;
  bool is_usable() const noexcept;
  std::chrono::steady_clock::time_point last_used() const noexcept;
  /// In a forked child: closes the descriptor and forgets everything else.
  void abandon() noexcept;

 private:
  struct Impl;
  explicit Connection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
