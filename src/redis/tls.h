// TLS over a Socket, as a client: who the server is gets checked, always.
//
//   TlsSession tls(socket, options.tls, host);                     // throws RedisConnectionError: files, host
//   while (!tls.handshake().…)                                     // as send and receive
//
// TLS 1.2 at least. The server's certificate must come from the CA file (or a CA of the system) and be for the host (or
// the server name of the options). Certificates are read anew for every session, so renewed files need no restart.
//
// Thread safety: one thread at a time. Process safety: forget() it in a forked child; nothing is ever sent at the end.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "redis/socket.h"
#include "weir/redis_options.h"

struct ssl_st;

namespace weir {

class TlsSession {
 public:
  /// `socket` must outlive the session.
  TlsSession(Socket& socket, const RedisTls& tls, const std::string& host);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  IoResult handshake();
  IoResult send(std::string_view bytes);
  IoResult receive(std::span<char> into);
  bool is_quiet() noexcept;
  /// Leaves OpenSSL's objects as they are: their locks may be held by threads a forked child does not have.
  void forget() noexcept { ssl_ = nullptr; }

 private:
  IoResult judge(int returned);

  std::string expected_;  // the name or IP address the certificate must be for
  ssl_st* ssl_ = nullptr;
};

}  // namespace weir
