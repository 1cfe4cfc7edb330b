// What a TLS server needs for its handshakes, made once from a configuration and the files it names.
//
//   const auto tls = std::make_shared<const ServerTls>(config, pem);
//   SSL* one = SSL_new(tls->context());             // keep `tls` for as long as `one` lives
//
// TLS 1.2 and 1.3; no compression, no renegotiation, no session tickets or caches (a client that was refused a moment
// ago cannot resume what it had before), no early data.
//
// Thread safety: constant once made.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "web_config/web_config.h"

struct ssl_ctx_st;

namespace weir {

/// The PEM text of what a TlsServerConfig names.
struct TlsPem {
  std::string certificate;
  std::string key;
  std::string client_ca;
};

class ServerTls {
 public:
  /// Throws ConfigError naming the file, the key or variable that named it, and OpenSSL's words; never what is in a
  /// key.
  ServerTls(const TlsServerConfig& config, const TlsPem& pem);
  ~ServerTls();
  ServerTls(const ServerTls&) = delete;
  ServerTls& operator=(const ServerTls&) = delete;

  ssl_ctx_st* context() const noexcept { return context_; }
  /// When the server's certificate ends, in seconds since 1970.
  double not_after() const noexcept { return not_after_; }

 private:
  void set_versions_and_ciphers(const TlsServerConfig& config);
  void set_identity(const TlsServerConfig& config, const TlsPem& pem);
  void set_client_authentication(const TlsServerConfig& config, const TlsPem& pem);

  ssl_ctx_st* context_ = nullptr;
  double not_after_ = 0;
  ClientAuth client_auth_ = ClientAuth::none;
  std::vector<std::string> allowed_names_;
};

/// The OpenSSL errors of this thread as words, the first (the cause) only; empties the queue.
std::string openssl_words();

}  // namespace weir
