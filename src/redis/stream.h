// Bytes to and from a Redis server: a socket, with TLS over it where the options ask for it.
//
// Thread safety: one thread at a time. Process safety: abandon() it in a forked child.
#pragma once

#include <memory>

#include "redis/socket.h"
#include "redis/tls.h"

namespace weir {

class Stream {
 public:
  /// Connects and secures. Throws RedisConnectionError, RedisTimeoutError; messages name the address.
  Stream(const RedisAddress& address, const RedisOptions& options, Deadline deadline);

  IoResult send(std::string_view bytes) { return tls_ ? tls_->send(bytes) : socket_.send(bytes); }
  IoResult receive(std::span<char> into) { return tls_ ? tls_->receive(into) : socket_.receive(into); }
  /// True while nothing arrived, the news of the peer's end included.
  bool is_quiet() noexcept { return tls_ ? tls_->is_quiet() : socket_.is_quiet(); }
  int fd() const noexcept { return socket_.fd(); }
  void abandon() noexcept;

 private:
  void shake_hands(const std::string& name, Deadline deadline);

  Socket socket_;
  std::unique_ptr<TlsSession> tls_;
};

}  // namespace weir
