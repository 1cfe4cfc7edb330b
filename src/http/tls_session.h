// TLS over one accepted socket that never waits: OpenSSL's calls as results a loop can act on.
//
// Thread safety: one thread at a time. It must block SIGPIPE.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "web_config/server_tls.h"

struct ssl_st;

namespace weir {

class ServerTlsSession {
 public:
  enum class Kind : std::uint8_t { done, wait_to_read, wait_to_write, closed, failed };
  struct Result {
    Kind kind = Kind::done;
    std::size_t bytes = 0;
  };

  /// Takes the socket, which does not block. Throws std::bad_alloc.
  ServerTlsSession(std::shared_ptr<const ServerTls> tls, int fd);
  /// Sends TLS's goodbye if that goes at once, and closes the socket.
  ~ServerTlsSession();
  ServerTlsSession(const ServerTlsSession&) = delete;
  ServerTlsSession& operator=(const ServerTlsSession&) = delete;

  int fd() const noexcept { return fd_; }

  /// `failed`: fault() says why, and the client was told: by an alert, or by a 400 where it spoke plain HTTP.
  Result handshake();
  /// After a handshake that failed: nothing more is sent, and what the client still sends is thrown away, a bounded
  /// amount. Closed before it, with bytes unread, the socket would take back what the client was told. `closed`: over.
  Result say_goodbye();
  /// At least one byte where `done`. Whole records fit where `into` has 16 KiB: then nothing stays behind in OpenSSL.
  Result receive(std::span<char> into);
  Result send(std::string_view bytes);

  /// Why the handshake failed, as `reason` of weir_http_rejected_total.
  const char* fault() const noexcept { return fault_; }

 private:
  Result judge(int returned);

  const std::shared_ptr<const ServerTls> tls_;
  const int fd_;
  ssl_st* ssl_ = nullptr;
  bool is_broken_ = false;  ///< no goodbye may be sent
  const char* fault_ = "tls_handshake";
  std::size_t thrown_away_ = 0;
};

}  // namespace weir
