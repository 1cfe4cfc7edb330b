#include "cli/listen_choice.h"

#include <fmt/core.h>

#include <charconv>
#include <cstdint>

#include "cli/systemd.h"
#include "config/environment.h"
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

}  // namespace

std::string chosen_listen_address(const std::string& listen_argument) {
  if (!listen_argument.empty()) return listen_argument;
  if (const auto handed_over = systemd_listener()) return *handed_over;
  return host_from_environment() + ":" + port_from_environment();
}

}  // namespace weir::cli
