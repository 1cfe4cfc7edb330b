#include "http/tls_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <new>
#include <utility>

namespace weir {
namespace {

/// What a plain HTTP client that came to a TLS port reads; the words are Go's.
constexpr std::string_view kNotTls =
    "HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
/// What a client whose handshake failed may send on; a request to a server without TLS may be as long.
constexpr std::size_t kMostThrownAway = std::size_t{64} * 1024;

const char* fault_of(unsigned long error) {
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return "tls_handshake";
  switch (ERR_GET_REASON(error)) {
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
      return "tls_plain_http";
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return "tls_client_certificate";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_NO_SHARED_CIPHER:
      return "tls_version_or_cipher";
    default:
      return "tls_handshake";
  }
}

}  // namespace

ServerTlsSession::ServerTlsSession(std::shared_ptr<const ServerTls> tls, int fd)
    : tls_(std::move(tls)), fd_(fd), ssl_(SSL_new(tls_->context())) {
  if (ssl_ == nullptr || SSL_set_fd(ssl_, fd) != 1) {
    SSL_free(ssl_);
    ERR_clear_error();
    close(fd);
    throw std::bad_alloc();
  }
  SSL_set_accept_state(ssl_);
}

ServerTlsSession::~ServerTlsSession() {
  ERR_clear_error();
  if (!is_broken_ && SSL_is_init_finished(ssl_) == 1) SSL_shutdown(ssl_);
  SSL_free(ssl_);
  ERR_clear_error();
  close(fd_);
}

ServerTlsSession::Result ServerTlsSession::handshake() {
  ERR_clear_error();
  return judge(SSL_do_handshake(ssl_));
}

ServerTlsSession::Result ServerTlsSession::say_goodbye() {
  shutdown(fd_, SHUT_WR);
  std::array<char, 4096> some{};
  while (thrown_away_ < kMostThrownAway) {
    const ssize_t got = recv(fd_, some.data(), some.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {Kind::wait_to_read};
    if (got <= 0) break;
    thrown_away_ += static_cast<std::size_t>(got);
  }
  return {Kind::closed};
}

ServerTlsSession::Result ServerTlsSession::receive(std::span<char> into) {
  ERR_clear_error();
  std::size_t bytes = 0;
  Result result = judge(SSL_read_ex(ssl_, into.data(), into.size(), &bytes));
  result.bytes = bytes;
  return result;
}

ServerTlsSession::Result ServerTlsSession::send(std::string_view bytes) {
  ERR_clear_error();
  std::size_t sent = 0;
  Result result = judge(SSL_write_ex(ssl_, bytes.data(), bytes.size(), &sent));
  result.bytes = sent;
  return result;
}

ServerTlsSession::Result ServerTlsSession::judge(int returned) {
  if (returned == 1) return {};
  switch (SSL_get_error(ssl_, returned)) {
    case SSL_ERROR_WANT_READ:
      return {Kind::wait_to_read};
    case SSL_ERROR_WANT_WRITE:
      return {Kind::wait_to_write};
    case SSL_ERROR_ZERO_RETURN:
      return {Kind::closed};
    default:
      break;
  }
  is_broken_ = true;
  fault_ = fault_of(ERR_peek_error());
  ERR_clear_error();
  if (std::string_view(fault_) == "tls_plain_http") {
    static_cast<void>(::send(fd_, kNotTls.data(), kNotTls.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
  }
  return {Kind::failed};
}

}  // namespace weir
