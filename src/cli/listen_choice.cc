#include "cli/listen_choice.h"

#include <fmt/core.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cli/systemd.h"
#include "config/environment.h"
#include "model/printable.h"
#include "weir/error.h"

namespace weir::cli {
namespace {

std::string host_from_environment() {
  const std::string value = environment::variable("PROMETHEUS_BIND_ADDRESS").value_or("");
  if (value.empty()) return "127.0.0.1";
  for (const char c : value) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '/' || c == '[' || c == ']') {
      throw ConfigError(
          fmt::format("environment variable PROMETHEUS_BIND_ADDRESS is \"{}\"; it must be an address or host name "
                      "alone, as in 127.0.0.1, 0.0.0.0 or ::1",
                      value));
    }
  }
  if (value.find(':') == std::string_view::npos) return value;
  const bool one_colon = value.find(':') == value.rfind(':');
  if (one_colon) {
    throw ConfigError(
        fmt::format("environment variable PROMETHEUS_BIND_ADDRESS is \"{}\"; it takes no port, that is "
                    "PROMETHEUS_METRICS_PORT's",
                    value));
  }
  return fmt::format("[{}]", value);
}

std::string port_from_environment() {
  const std::string value = environment::variable("PROMETHEUS_METRICS_PORT").value_or("");
  if (value.empty()) return "9091";
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), port);
  if (error != std::errc{} || end != value.data() + value.size() || port == 0) {
    throw ConfigError(fmt::format(
        "environment variable PROMETHEUS_METRICS_PORT is \"{}\"; it must be a port from 1 to 65535", value));
  }
  return value;
}

/// The name of a bound socket as --listen would have it, a port's without the number; `:` where there is none.
std::string name_of(int fd) {
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) != 0) return ":";
  if (at.ss_family == AF_UNIX) {
    const char* const path = reinterpret_cast<const sockaddr_un&>(at).sun_path;
    std::string name(path, size - offsetof(sockaddr_un, sun_path));
    if (name.starts_with('\0')) name[0] = '@';  // the abstract namespace
    return "unix:" + in_one_line(name.substr(0, name.find('\0')));
  }
  std::array<char, NI_MAXHOST> host{};
  const auto* const address = reinterpret_cast<const sockaddr*>(&at);
  if (getnameinfo(address, size, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST) != 0) return ":";
  return at.ss_family == AF_INET6 ? fmt::format("[{}]:", host.data()) : fmt::format("{}:", host.data());
}

}  // namespace

std::string shown_listen_address(const std::string& listen) {
  constexpr std::string_view kDescriptor = "fd:";
  if (!listen.starts_with(kDescriptor)) return listen;
  int fd = -1;
  std::from_chars(listen.data() + kDescriptor.size(), listen.data() + listen.size(), fd);
  return name_of(fd);
}

std::string chosen_listen_address(const std::string& listen_argument) {
  if (!listen_argument.empty()) return listen_argument;
  if (const auto handed_over = systemd_listener()) return *handed_over;
  return host_from_environment() + ":" + port_from_environment();
}

}  // namespace weir::cli
