// The floor of reading: one connection, everything asked at once, the replies walked as they come.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string_view>

#include "harness/report.h"
#include "redis/keys.h"

namespace weir::bench {
namespace {

/// Adds up every bulk string that is a number, every second one of a hash; remembers what is not complete.
class Walk {
 public:
  explicit Walk(std::size_t replies) : left_(replies) {}

  bool done() const noexcept { return left_ == 0; }
  double sum() const noexcept { return sum_; }
  /// Bytes taken.
  std::size_t feed(std::string_view bytes) {
    std::size_t taken = 0;
    while (left_ > 0) {
      const std::size_t end = bytes.find("\r\n", taken);
      if (end == std::string_view::npos) break;
      std::size_t length = 0;
      std::from_chars(bytes.data() + taken + 1, bytes.data() + end, length);
      if (bytes[taken] == '*') {
        elements_ = length;
        is_hash_ = length > 1;
        taken = end + 2;
        continue;
      }
      if (bytes[taken] != '$') throw std::runtime_error("floor: a reply is no string");
      if (bytes.size() < end + 2 + length + 2) break;
      if (!is_hash_ || elements_ % 2 == 1) {
        double value = 0;
        std::from_chars(bytes.data() + end + 2, bytes.data() + end + 2 + length, value);
        sum_ += value;
      }
      taken = end + 2 + length + 2;
      if (--elements_ == 0) --left_;
    }
    return taken;
  }

 private:
  std::size_t left_;
  std::size_t elements_ = 0;
  bool is_hash_ = false;
  double sum_ = 0;
};

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("floor: cannot connect");
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

}  // namespace

Stopwatch::Stopwatch(const Keys& keys) : server_(keys.server().pid()), began_(now()) {}

Took Stopwatch::now() const {
  clockid_t clock{};
  timespec cpu{};
  if (::clock_getcpuclockid(server_, &clock) != 0 || ::clock_gettime(clock, &cpu) != 0)
    throw std::runtime_error("the server's CPU time cannot be read");
  const double server = static_cast<double>(cpu.tv_sec) * 1e3 + static_cast<double>(cpu.tv_nsec) * 1e-6;
  const auto wall = std::chrono::steady_clock::now().time_since_epoch();
  return {thread_seconds() * 1e3 + server, std::chrono::duration<double, std::milli>(wall).count()};
}

Took Stopwatch::took() const {
  const Took end = now();
  return {end.cpu - began_.cpu, end.wall - began_.wall};
}

Took redis_floor(const Keys& keys, double& sum) {
  static const int fd = connect_to(keys.server().port());  // one server a program
  static std::string buffer(1U << 20U, '\0');
  const Stopwatch stopwatch(keys);
  Walk walk(keys.requests());
  std::size_t sent = 0;
  std::size_t held = 0;
  while (!walk.done()) {
    pollfd ready{fd, static_cast<short>(POLLIN | (sent < keys.request().size() ? POLLOUT : 0)), 0};
    if (::poll(&ready, 1, 10'000) <= 0) throw std::runtime_error("floor: no reply");
    if ((ready.revents & POLLOUT) != 0) {
      const ssize_t n = ::send(fd, keys.request().data() + sent, keys.request().size() - sent, MSG_DONTWAIT);
      sent += n > 0 ? static_cast<std::size_t>(n) : 0;
    }
    if ((ready.revents & POLLIN) == 0) continue;
    const ssize_t n = ::recv(fd, buffer.data() + held, buffer.size() - held, 0);
    if (n <= 0) throw std::runtime_error("floor: the connection is gone");
    held += static_cast<std::size_t>(n);
    const std::size_t taken = walk.feed({buffer.data(), held});
    std::memmove(buffer.data(), buffer.data() + taken, held - taken);
    held -= taken;
  }
  sum = walk.sum();
  return stopwatch.took();
}

}  // namespace weir::bench
