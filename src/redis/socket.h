// A connected stream socket that never blocks: TCP or Unix.
//
//   Socket socket = Socket::connect(address, deadline);            // throws RedisConnectionError, RedisTimeoutError
//   IoResult result = socket.send("PING\r\n");
//   if (result.kind == IoResult::Kind::wait_to_write) wait_for(socket.fd(), POLLOUT, deadline);
//
// TCP_NODELAY, keep-alive, close-on-exec; sending to a peer that is gone raises no SIGPIPE.
//
// Its descriptor is never 0, 1 or 2: a daemon that has closed those still prints to them.
//
// Thread safety: one thread at a time. Process safety: a forked child closes its copy in fork() (open_sockets.h), which
// sends nothing.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "redis/open_sockets.h"
#include "weir/redis_options.h"

namespace weir {

using Deadline = std::chrono::steady_clock::time_point;

/// What one try to send or to receive came to.
struct IoResult {
  enum class Kind : std::uint8_t { done, wait_to_read, wait_to_write, closed, failed };
  Kind kind = Kind::done;
  std::size_t bytes = 0;  ///< of `done`; at least 1
  std::string why{};      ///< of `closed` and `failed`
};

/// Waits until one of poll's `events` came for `fd`; false when `deadline` came first.
bool wait_for(int fd, short events, Deadline deadline);
/// The system's words for an errno, any thread.
std::string system_words(int error);

class Socket {
 public:
  /// Tries every address the host's name has. Resolving the name is the system's and not under the deadline.
  static Socket connect(const RedisAddress& address, Deadline deadline);
  /// Takes over `fd`, or -1.
  explicit Socket(int fd) noexcept;
  ~Socket() { close(); }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)), entry_(other.entry_) {}
  Socket& operator=(Socket&&) = delete;

  IoResult send(std::string_view bytes) noexcept;
  IoResult receive(std::span<char> into) noexcept;
  /// True while nothing arrived, the news of the peer's end included.
  bool is_quiet() const noexcept;
  int fd() const noexcept { return fd_; }
  void close() noexcept;

 private:
  int fd_;
  OpenSockets::Entry entry_ = OpenSockets::kNone;
};

}  // namespace weir
