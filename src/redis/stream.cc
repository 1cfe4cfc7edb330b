#include "redis/stream.h"

#include <fmt/format.h>
#include <poll.h>

#include "weir/redis_error.h"

namespace weir {

Stream::Stream(const RedisAddress& address, const RedisOptions& options, Deadline deadline)
    : socket_(Socket::connect(address, deadline)) {
  if (!options.tls.enabled) return;
  const std::string name = to_string(address);
  try {
    tls_ = std::make_unique<TlsSession>(socket_, options.tls, address.host);
  } catch (const RedisConnectionError& error) {
    throw RedisConnectionError(fmt::format("connect to {}: {}", name, error.what()));
  }
  shake_hands(name, deadline);
}

void Stream::shake_hands(const std::string& name, Deadline deadline) {
  for (;;) {
    const IoResult result = tls_->handshake();
    if (result.kind == IoResult::Kind::done) return;
    if (result.kind == IoResult::Kind::closed || result.kind == IoResult::Kind::failed) {
      throw RedisConnectionError(fmt::format("connect to {}: {} (in the TLS handshake)", name, result.why));
    }
    const short events = result.kind == IoResult::Kind::wait_to_read ? POLLIN : POLLOUT;
    if (!wait_for(socket_.fd(), events, deadline)) {
      throw RedisTimeoutError(fmt::format("connect to {}: no TLS handshake within the connect timeout", name));
    }
  }
}

void Stream::abandon() noexcept {
  if (tls_) tls_->forget();
  socket_.close();
}

}  // namespace weir
