#include "http/tls_front.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace weir {
namespace {

constexpr std::uint64_t kListening = 0;
constexpr int kAcceptsInARow = 64;
constexpr std::chrono::milliseconds kPause{100};
constexpr std::chrono::hours kNever{1};
/// What the kernel holds of an answer that its client does not read.
constexpr int kPlainBuffer = 64 * 1024;

}  // namespace

TlsFront::TlsFront(int listen_fd, Limits limits, AddressCounts& addresses, Hooks hooks)
    : listen_fd_(listen_fd),
      limits_(limits),
      addresses_(addresses),
      hooks_(std::move(hooks)),
      relay_([this](const std::string& address) { gone(address); }, limits.response) {
  epoll_.add(listen_fd_, EPOLLIN, kListening);
  thread_ = std::thread([this] { run(); });
}

TlsFront::~TlsFront() { stop_accepting(); }

void TlsFront::stop_accepting() {
  stopped_.store(true, std::memory_order_relaxed);
  epoll_.wake();
  if (thread_.joinable()) thread_.join();
}

void TlsFront::gone(const std::string& address) {
  open_.fetch_sub(1, std::memory_order_relaxed);
  addresses_.left(address);
}

void TlsFront::run() {
  while (!stopped_.load(std::memory_order_relaxed)) {
    const bool was_paused = is_paused_;
    for (const epoll_event& event : epoll_.wait(time_to_next_deadline())) {
      if (event.data.u64 == Epoll::kWoken) continue;
      if (event.data.u64 == kListening) {
        accept_some();
      } else if (const auto at = handshakes_.find(event.data.u64); at != handshakes_.end()) {
        go_on(at);
      }
    }
    if (was_paused) is_paused_ = !epoll_.add(listen_fd_, EPOLLIN, kListening);
    drop_late();
  }
  while (!handshakes_.empty()) drop(handshakes_.begin(), nullptr);
}

std::chrono::milliseconds TlsFront::time_to_next_deadline() const {
  std::chrono::milliseconds least = is_paused_ ? kPause : std::chrono::milliseconds(kNever);
  if (!handshakes_.empty()) {
    const auto left = handshakes_.begin()->second.deadline - Clock::now();
    least = std::min(least, std::chrono::ceil<std::chrono::milliseconds>(left));
  }
  return least;
}

void TlsFront::accept_some() {
  for (int i = 0; i < kAcceptsInARow; ++i) {
    if (!accept_one()) return;
  }
}

/// False when there is nothing more to accept now.
bool TlsFront::accept_one() {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  const int fd = accept4(listen_fd_, reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      epoll_.remove(listen_fd_);
      is_paused_ = true;
      hooks_.rejected("descriptors");
    }
    return errno == EINTR || errno == ECONNABORTED;
  }
  std::string text = client_address(reinterpret_cast<const sockaddr*>(&address));
  const bool is_full = open_.load(std::memory_order_relaxed) >= limits_.connections;
  if (is_full || !addresses_.has_room(text)) {
    hooks_.rejected(is_full ? "connections" : "address");
    close(fd);
    return true;
  }
  begin(fd, address, size, std::move(text));
  return true;
}

void TlsFront::begin(int fd, const sockaddr_storage& address, socklen_t size, std::string text) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // of no Unix socket, which has none to turn off
  std::unique_ptr<ServerTlsSession> session;
  try {
    session = std::make_unique<ServerTlsSession>(hooks_.tls(), fd);
  } catch (const std::bad_alloc&) {
    hooks_.rejected("memory");
    return;
  }
  open_.fetch_add(1, std::memory_order_relaxed);
  addresses_.entered(text);
  const auto at = handshakes_
                      .emplace(next_id_++, Handshake{std::move(session), address, size, std::move(text),
                                                     Clock::now() + limits_.handshake})
                      .first;
  go_on(at);
}

void TlsFront::go_on(Handshakes::iterator at) {
  Handshake& one = at->second;
  const std::uint64_t id = at->first;
  const ServerTlsSession::Result result = one.has_failed ? one.session->say_goodbye() : one.session->handshake();
  switch (result.kind) {
    case ServerTlsSession::Kind::done:
      hand_on(at);
      return;
    case ServerTlsSession::Kind::closed:
    case ServerTlsSession::Kind::failed:
      fail(at);
      return;
    case ServerTlsSession::Kind::wait_to_read:
    case ServerTlsSession::Kind::wait_to_write:
      break;
  }
  const std::uint32_t wanted = result.kind == ServerTlsSession::Kind::wait_to_read ? EPOLLIN : EPOLLOUT;
  if (one.events == 0 && !epoll_.add(one.session->fd(), wanted, id)) {
    drop(at, "memory");
    return;
  }
  if (one.events != wanted && one.events != 0) epoll_.change(one.session->fd(), wanted, id);
  one.events = wanted;
}

void TlsFront::fail(Handshakes::iterator at) {
  if (at->second.has_failed) {
    drop(at, nullptr);
    return;
  }
  hooks_.rejected(at->second.session->fault());
  at->second.has_failed = true;
  go_on(at);
}

void TlsFront::hand_on(Handshakes::iterator at) {
  Handshake& one = at->second;
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    drop(at, "descriptors");
    return;
  }
  if (one.events != 0) epoll_.remove(one.session->fd());
  setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &kPlainBuffer, sizeof kPlainBuffer);
  auto relayed = std::make_unique<RelayedConnection>(std::move(one.session), ends[0]);
  const bool is_adopted = hooks_.adopt(ends[1], reinterpret_cast<const sockaddr*>(&one.address), one.address_size);
  std::string text = std::move(one.address_text);
  handshakes_.erase(at);
  if (is_adopted) {
    relay_.take(std::move(relayed), std::move(text));
  } else {
    relayed.reset();
    gone(text);
  }
}

void TlsFront::drop(Handshakes::iterator at, const char* reason) {
  if (reason != nullptr) hooks_.rejected(reason);
  Handshake& one = at->second;
  if (one.events != 0) epoll_.remove(one.session->fd());  // closing does not, where a forked child has the socket too
  const std::string text = std::move(one.address_text);
  handshakes_.erase(at);
  gone(text);
}

void TlsFront::drop_late() {
  const Clock::time_point now = Clock::now();
  while (!handshakes_.empty() && handshakes_.begin()->second.deadline <= now) {
    drop(handshakes_.begin(), handshakes_.begin()->second.has_failed ? nullptr : "tls_timeout");
  }
}

}  // namespace weir
