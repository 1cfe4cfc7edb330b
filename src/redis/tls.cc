#include "redis/tls.h"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cerrno>

#include "redis/tls_context.h"
#include "redis/tls_socket_bio.h"
#include "weir/redis_error.h"

namespace weir {

TlsSession::TlsSession(Socket& socket, const RedisTls& tls, const std::string& host)
    : expected_(tls.server_name.empty() ? host : tls.server_name) {
  if (expected_.empty()) throw RedisConnectionError("TLS over a Unix socket needs a server name to check");
  const TlsContext context = make_tls_context(tls);
  ssl_ = ::SSL_new(context.get());
  BIO* bio = ssl_ == nullptr ? nullptr : make_socket_bio(socket.fd());
  if (bio == nullptr) {
    ::SSL_free(ssl_);
    throw RedisConnectionError("TLS: " + tls_words());
  }
  ::SSL_set_bio(ssl_, bio, bio);
  if (X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(ssl_), expected_.c_str()) != 1) {  // no IP address, so a name
    ::SSL_set_hostflags(ssl_, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (::SSL_set1_host(ssl_, expected_.c_str()) != 1 || SSL_set_tlsext_host_name(ssl_, expected_.c_str()) != 1) {
      ::SSL_free(ssl_);
      throw RedisConnectionError(fmt::format("TLS: '{}' is no host name", expected_));
    }
  }
  ::SSL_set_connect_state(ssl_);
}

TlsSession::~TlsSession() {
  if (ssl_ != nullptr) ::SSL_free(ssl_);
}

IoResult TlsSession::handshake() {
  begin_tls_call();
  return judge(::SSL_do_handshake(ssl_));
}

IoResult TlsSession::send(std::string_view bytes) {
  begin_tls_call();
  std::size_t sent = 0;
  IoResult result = judge(::SSL_write_ex(ssl_, bytes.data(), bytes.size(), &sent));
  result.bytes = sent;
  return result;
}

IoResult TlsSession::receive(std::span<char> into) {
  begin_tls_call();
  std::size_t received = 0;
  IoResult result = judge(::SSL_read_ex(ssl_, into.data(), into.size(), &received));
  result.bytes = received;
  return result;
}

bool TlsSession::is_quiet() noexcept {
  begin_tls_call();
  char byte;
  std::size_t seen = 0;  // session tickets may have come: what counts is data, or the end
  return ::SSL_peek_ex(ssl_, &byte, 1, &seen) != 1 && ::SSL_get_error(ssl_, 0) == SSL_ERROR_WANT_READ;
}

IoResult TlsSession::judge(int returned) {
  const int system_error = errno;
  if (returned == 1) return {};
  switch (::SSL_get_error(ssl_, returned)) {
    case SSL_ERROR_WANT_READ:
      return {IoResult::Kind::wait_to_read};
    case SSL_ERROR_WANT_WRITE:
      return {IoResult::Kind::wait_to_write};
    case SSL_ERROR_ZERO_RETURN:
      return {IoResult::Kind::closed, 0, "the server closed the connection"};
    case SSL_ERROR_SYSCALL:
      if (system_error == 0) return {IoResult::Kind::closed, 0, "the server closed the connection"};
      return {IoResult::Kind::failed, 0, system_words(system_error)};
    default:
      break;
  }
  const long verified = ::SSL_get_verify_result(ssl_);
  if (verified == X509_V_OK) return {IoResult::Kind::failed, 0, "TLS: " + tls_words()};
  return {IoResult::Kind::failed, 0,
          fmt::format("TLS: the server's certificate is not accepted for '{}': {}", expected_,
                      ::X509_verify_cert_error_string(verified))};
}

}  // namespace weir
