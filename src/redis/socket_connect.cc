// Socket::connect: names to addresses, addresses to a connected socket, all within a deadline.
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <thread>

#include "redis/socket.h"
#include "weir/redis_error.h"

namespace weir {
namespace {

using std::chrono::steady_clock;
using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

/// 0, or the errno that connecting came to; ETIMEDOUT when the deadline came first.
int connect_within(const Socket& socket, const sockaddr* address, socklen_t length, Deadline deadline) {
  for (;;) {
    if (::connect(socket.fd(), address, length) == 0) return 0;
    if (errno == EISCONN) return 0;
    // A Unix socket with a full backlog says EAGAIN and cannot be waited for.
    if (errno != EAGAIN || address->sa_family != AF_UNIX) break;
    if (steady_clock::now() >= deadline) return ETIMEDOUT;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  if (errno != EINPROGRESS && errno != EINTR) return errno;
  if (!wait_for(socket.fd(), POLLOUT, deadline)) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

/// A connect to a free loopback port of the ephemeral range can meet itself, and would hear its own commands.
bool is_connected_to_itself(const Socket& socket) {
  sockaddr_storage here{}, there{};
  socklen_t here_size = sizeof here, there_size = sizeof there;
  return ::getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&here), &here_size) == 0 &&
         ::getpeername(socket.fd(), reinterpret_cast<sockaddr*>(&there), &there_size) == 0 && here_size == there_size &&
         std::memcmp(&here, &there, here_size) == 0;
}

Socket make_socket(int family, const std::string& name) {
  Socket socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.fd() < 0) {
    throw RedisConnectionError(fmt::format("connect to {}: no socket: {}", name, system_words(errno)));
  }
  return socket;
}

/// What to do next, where the error alone says it.
const char* advice(int error) {
  const bool is_nobody_there = error == ECONNREFUSED || error == ENOENT;
  return is_nobody_there ? "; nothing listens there: start the server, or give the address where it listens" : "";
}

[[noreturn]] void throw_failed(const std::string& name, int error, bool is_late) {
  if (is_late) throw RedisTimeoutError(fmt::format("connect to {}: no connection within the connect timeout", name));
  throw RedisConnectionError(fmt::format("connect to {}: {}{}", name, system_words(error), advice(error)));
}

Socket connect_unix(const RedisAddress& address, const std::string& name, Deadline deadline) {
  sockaddr_un target{};
  target.sun_family = AF_UNIX;
  if (address.socket_path.size() >= sizeof target.sun_path) {
    throw RedisConnectionError(fmt::format("connect to {}: the path has {} bytes; a Unix socket's has at most {}", name,
                                           address.socket_path.size(), sizeof target.sun_path - 1));
  }
  std::memcpy(target.sun_path, address.socket_path.data(), address.socket_path.size());
  Socket socket = make_socket(AF_UNIX, name);
  const int error = connect_within(socket, reinterpret_cast<const sockaddr*>(&target), sizeof target, deadline);
  if (error != 0) throw_failed(name, error, error == ETIMEDOUT);
  return socket;
}

AddressList resolve(const RedisAddress& address, const std::string& name) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &list);
  if (error != 0) {
    throw RedisConnectionError(fmt::format("connect to {}: the host's name has no address: {}", name,
                                           error == EAI_SYSTEM ? system_words(errno) : ::gai_strerror(error)));
  }
  return {list, &::freeaddrinfo};
}

void set_options(const Socket& socket) {
  const int on = 1;
  ::setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

}  // namespace

Socket Socket::connect(const RedisAddress& address, Deadline deadline) {
  const std::string name = to_string(address);
  if (!address.socket_path.empty()) return connect_unix(address, name, deadline);
  const AddressList list = resolve(address, name);
  int left = 0;
  for (const addrinfo* one = list.get(); one != nullptr; one = one->ai_next) ++left;
  int error = ECONNREFUSED;
  for (const addrinfo* one = list.get(); one != nullptr; one = one->ai_next, --left) {
    // Each address has its share of the time, so that a black hole hides none of those after it.
    const auto now = steady_clock::now();
    Socket socket = make_socket(one->ai_family, name);
    error = connect_within(socket, one->ai_addr, one->ai_addrlen, now + (deadline - now) / left);
    if (error == 0 && is_connected_to_itself(socket)) error = ECONNREFUSED;
    if (error != 0) continue;
    set_options(socket);
    return socket;
  }
  throw_failed(name, error, error == ETIMEDOUT);
}

}  // namespace weir
