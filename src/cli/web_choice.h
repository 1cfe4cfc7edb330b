// Whom `weir serve` lets in and how: `--web.config.file`, else a credential of systemd, else PROMETHEUS_SSL_*.
//
// Thread safety: reads the environment; call before threads start.
#pragma once

#include <string>

#include "weir/exposer.h"

namespace weir::cli {

/// Limits and doors of `weir serve`, as given; each empty or 0: the usual one.
struct WebArguments {
  std::string config_file;
  bool health_without_password = false;
  std::size_t max_connections = 0;
  std::size_t max_connections_per_address = 0;
  std::size_t max_requests_in_flight = 0;
  std::size_t max_request_bytes = 0;
  double request_timeout = 0;  ///< seconds
  double scrape_timeout = 0;   ///< seconds
};

void choose_web(const WebArguments& arguments, ExposerOptions& options);

}  // namespace weir::cli
