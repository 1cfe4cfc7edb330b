// Where `weir serve` listens: `--listen`, else a socket of systemd's, else PROMETHEUS_BIND_ADDRESS and
// PROMETHEUS_METRICS_PORT over 127.0.0.1:9091.
//
// Thread safety: reads the environment; call before threads start.
#pragma once

#include <string>

namespace weir::cli {

/// HOST:PORT, an IPv6 address in brackets; `unix:/PATH`; `fd:3`. Throws ConfigError naming the variable, its value and
/// what would be right.
std::string chosen_listen_address(const std::string& listen_argument);

/// The same for people: `fd:3` is told by where that socket is bound, as `127.0.0.1:` (a port's number left out) or
/// `unix:/PATH`; anything else stands as it is.
std::string shown_listen_address(const std::string& listen);

}  // namespace weir::cli
