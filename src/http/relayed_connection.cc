#include "http/relayed_connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace weir {
namespace {

/// Records moved for one connection before the others get their turn; what is left is reported again.
constexpr int kRounds = 4;

/// Empty, without the memory it had.
void release(std::string& text) { std::string().swap(text); }

}  // namespace

RelayedConnection::RelayedConnection(std::unique_ptr<ServerTlsSession> session, int plain_fd)
    : session_(std::move(session)), plain_fd_(plain_fd) {}

RelayedConnection::~RelayedConnection() {
  shutdown(plain_fd_, SHUT_RDWR);  // the server's end hears of it, even where a forked child has this one too
  close(plain_fd_);
}

std::uint32_t RelayedConnection::client_events() const noexcept {
  const bool reads = !client_ended_ && to_server_.empty();
  const bool writes = !to_client_.empty() || tls_wants_write_;
  return (reads ? EPOLLIN : 0U) | (writes ? EPOLLOUT : 0U);
}

std::uint32_t RelayedConnection::plain_events() const noexcept {
  return (to_client_.empty() ? EPOLLIN : 0U) | (to_server_.empty() ? 0U : EPOLLOUT);
}

bool RelayedConnection::pump(std::span<char> scratch) {
  tls_wants_write_ = false;
  return move_in(scratch) && move_out(scratch);
}

bool RelayedConnection::flush_to_server() {
  while (!to_server_.empty()) {
    const ssize_t sent = ::send(plain_fd_, to_server_.data(), to_server_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
    if (sent < 0) {  // the server reads no more; its answer may still be on the way
      client_ended_ = true;
      release(to_server_);
      return true;
    }
    to_server_.erase(0, static_cast<std::size_t>(sent));
  }
  release(to_server_);
  return true;
}

bool RelayedConnection::move_in(std::span<char> scratch) {
  for (int round = 0; round < kRounds; ++round) {
    if (!flush_to_server() || client_ended_) return true;
    const ServerTlsSession::Result got = session_->receive(scratch);
    switch (got.kind) {
      case ServerTlsSession::Kind::done:
        to_server_.assign(scratch.data(), got.bytes);
        break;
      case ServerTlsSession::Kind::wait_to_read:
        return true;
      case ServerTlsSession::Kind::wait_to_write:
        tls_wants_write_ = true;
        return true;
      case ServerTlsSession::Kind::closed:
        client_ended_ = true;
        shutdown(plain_fd_, SHUT_WR);
        return true;
      case ServerTlsSession::Kind::failed:
        return false;
    }
  }
  flush_to_server();
  return true;
}

bool RelayedConnection::send_to_client(std::span<const char> bytes) {
  while (!bytes.empty()) {
    const ServerTlsSession::Result sent = session_->send({bytes.data(), bytes.size()});
    if (sent.kind == ServerTlsSession::Kind::done) {
      bytes = bytes.subspan(sent.bytes);
      continue;
    }
    if (sent.kind == ServerTlsSession::Kind::closed || sent.kind == ServerTlsSession::Kind::failed) return false;
    break;
  }
  // `bytes` may point into to_client_.
  std::string rest(bytes.data(), bytes.size());
  to_client_.swap(rest);
  return true;
}

bool RelayedConnection::move_out(std::span<char> scratch) {
  for (int round = 0; round < kRounds; ++round) {
    if (!to_client_.empty() && !send_to_client(to_client_)) return false;
    if (!to_client_.empty()) return true;
    const ssize_t got = recv(plain_fd_, scratch.data(), scratch.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
    if (got <= 0) return false;  // the server is done, and nothing is on its way: to_client_ is empty
    if (!send_to_client({scratch.data(), static_cast<std::size_t>(got)})) return false;
  }
  return true;
}

}  // namespace weir
