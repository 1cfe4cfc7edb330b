#include "redis/tls_context.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "weir/redis_error.h"

namespace weir {
namespace {

void require(bool is_done, std::string_view what, const std::string& file) {
  if (!is_done) throw RedisConnectionError(fmt::format("TLS: {} '{}' cannot be used: {}", what, file, tls_words()));
}

/// OpenSSL would wait at a FIFO for somebody who writes. What is not there, it names itself.
void require_regular(std::string_view what, const std::string& file) {
  struct stat about {};
  if (::stat(file.c_str(), &about) != 0 || S_ISREG(about.st_mode)) return;
  throw RedisConnectionError(fmt::format("TLS: {} '{}' cannot be used: it is no regular file", what, file));
}

void set_trust(SSL_CTX* context, const RedisTls& tls) {
  if (tls.ca_file.empty()) {
    require(::SSL_CTX_set_default_verify_paths(context) == 1, "the system's CA directory", "");
  } else {
    require_regular("the CA file", tls.ca_file);
    require(::SSL_CTX_load_verify_file(context, tls.ca_file.c_str()) == 1, "the CA file", tls.ca_file);
  }
  ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
}

void set_identity(SSL_CTX* context, const RedisTls& tls) {
  if (tls.cert_file.empty()) return;
  require_regular("the certificate file", tls.cert_file);
  require(::SSL_CTX_use_certificate_chain_file(context, tls.cert_file.c_str()) == 1, "the certificate file",
          tls.cert_file);
  const std::string& key_file = tls.key_file.empty() ? tls.cert_file : tls.key_file;
  // A key under a passphrase would have OpenSSL ask at the terminal; this answers with none.
  ::SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void*) { return 0; });
  require_regular("the key file", key_file);
  require(::SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) == 1, "the key file", key_file);
  require(::SSL_CTX_check_private_key(context) == 1, "the key file", key_file);
}

}  // namespace

void FreeTlsContext::operator()(ssl_ctx_st* context) const noexcept { ::SSL_CTX_free(context); }

TlsContext make_tls_context(const RedisTls& tls) {
  begin_tls_call();
  TlsContext context(::SSL_CTX_new(::TLS_client_method()));
  if (context == nullptr) throw RedisConnectionError("TLS: " + tls_words());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  // RESP says itself where a reply ends, so an end without TLS's goodbye is an end like any other.
  ::SSL_CTX_set_options(context.get(), SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  set_trust(context.get(), tls);
  set_identity(context.get(), tls);
  return context;
}

void begin_tls_call() noexcept {
  ::ERR_clear_error();
  errno = 0;
}

std::string tls_words() {
  // The first error is the cause; those after it are its consequences.
  const unsigned long error = ::ERR_get_error();
  if (error == 0) return "OpenSSL does not say why";
  if (ERR_SYSTEM_ERROR(error)) return std::generic_category().message(ERR_GET_REASON(error));
  const char* reason = ::ERR_reason_error_string(error);
  return reason != nullptr ? reason : fmt::format("OpenSSL error {:#x}", error);
}

}  // namespace weir
