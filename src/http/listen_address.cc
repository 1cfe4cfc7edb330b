#include "http/listen_address.h"

#include <fmt/core.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <memory>
#include <system_error>
#include <utility>

#include "weir/error.h"

namespace weir {
namespace {

constexpr int kBacklog = 511;

[[noreturn]] void refuse_text(std::string_view text, std::string_view why) {
  throw ConfigError(
      fmt::format("listen address \"{}\": {}; write HOST:PORT as in 127.0.0.1:9091, localhost:9091, [::1]:9091, "
                  "or :9091 for every interface, or unix:/PATH",
                  text, why));
}

std::uint16_t parse_port(std::string_view text, std::string_view port) {
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), value);
  if (port.empty() || error != std::errc{} || end != port.data() + port.size()) {
    refuse_text(text, fmt::format("port \"{}\" is not a whole number from 0 to 65535", port));
  }
  return value;
}

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

AddressList look_up(const ListenAddress& address) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  const int failed = getaddrinfo(address.host.empty() ? nullptr : address.host.c_str(), port.c_str(), &hints, &found);
  if (failed != 0) {
    throw ConfigError(
        fmt::format("listen host \"{}\" cannot be resolved ({}); give an address of this machine such as 127.0.0.1",
                    address.host, gai_strerror(failed)));
  }
  return {found, &freeaddrinfo};
}

/// A bound, listening socket, or -1 with errno set.
int listen_at(const addrinfo& at, bool both_families) {
  const int fd = socket(at.ai_family, at.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at.ai_protocol);
  if (fd < 0) return -1;
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (at.ai_family == AF_INET6) {
    const int v6_only = both_families ? 0 : 1;
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only);
  }
  if (bind(fd, at.ai_addr, at.ai_addrlen) == 0 && listen(fd, kBacklog) == 0) return fd;
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

std::uint16_t bound_port(int fd) {
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size);
  if (at.ss_family != AF_INET && at.ss_family != AF_INET6) return 0;
  if (at.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(at).sin6_port);
  return ntohs(reinterpret_cast<const sockaddr_in&>(at).sin_port);
}

}  // namespace

ListenAddress parse_listen_address(std::string_view text) {
  constexpr std::string_view kUnix = "unix:";
  constexpr std::string_view kDescriptor = "fd:";
  if (text.starts_with(kUnix)) {
    const std::string_view path = text.substr(kUnix.size());
    if (!path.starts_with('/') || path.find('\0') != std::string_view::npos)
      refuse_text(text, "the path must begin with /");
    return {.unix_path = std::string(path)};
  }
  if (text.starts_with(kDescriptor)) return {.inherited_fd = parse_port(text, text.substr(kDescriptor.size()))};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) refuse_text(text, "it has no `:PORT`");
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == std::string_view::npos) refuse_text(text, "brackets hold an IPv6 address");
  } else if (host.find_first_of(":[]") != std::string_view::npos) {
    refuse_text(text, fmt::format("\"{}\" is neither a host nor an IPv6 address in brackets", host));
  }
  for (const char c : host) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '/' || c == 0x7f) {
      refuse_text(text, "a host has no spaces, slashes or control characters");
    }
  }
  return {std::string(host), parse_port(text, port)};
}

ListenSocket::ListenSocket(const ListenAddress& address) {
  if (address.inherited_fd >= 0) {
    fd_ = inherited_listener(address.inherited_fd);
    is_inherited_ = true;
    port_ = bound_port(fd_);
    return;
  }
  if (!address.unix_path.empty()) {
    fd_ = listen_at_path(address.unix_path, kBacklog);
    path_ = address.unix_path;
    file_ = file_at(path_);
    return;
  }
  const AddressList list = look_up(address);
  // Every interface: the IPv6 wildcard takes IPv4 as well, so it goes first where the machine has IPv6.
  const addrinfo* first = list.get();
  if (address.host.empty()) {
    for (const addrinfo* at = list.get(); at != nullptr; at = at->ai_next) {
      if (at->ai_family == AF_INET6) first = at;
    }
  }
  fd_ = listen_at(*first, address.host.empty());
  int error = errno;
  for (const addrinfo* at = list.get(); fd_ < 0 && at != nullptr; at = at->ai_next) {
    if (at == first) continue;
    fd_ = listen_at(*at, false);
    if (errno == EADDRINUSE) error = errno;
  }
  if (fd_ < 0) {
    const bool v6 = address.host.find(':') != std::string::npos;
    throw StorageError(fmt::format("cannot listen on {}{}{}:{}: {}; choose an address of this machine with a free port",
                                   v6 ? "[" : "", address.host, v6 ? "]" : "", address.port,
                                   std::generic_category().message(error)));
  }
  port_ = bound_port(fd_);
}

ListenSocket::~ListenSocket() {
  if (!path_.empty()) leave_path(path_, file_);
  if (fd_ >= 0) close(fd_);
}

void ListenSocket::refuse() noexcept {
  if (!is_inherited_) shutdown(fd_, SHUT_RD);
}

}  // namespace weir
