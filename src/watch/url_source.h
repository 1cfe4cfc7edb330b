// An exporter's /metrics as a source: any exporter, over HTTP or HTTPS.
//
//   std::unique_ptr<Source> source = url_source({.url = "http://127.0.0.1:9100/metrics"});
//
// libcurl asks: gzip where the exporter has it, redirects to http and https alone (at most 3), the proxies of the
// environment, a password from ~/.netrc. What cannot be asked or is no answer becomes a Problem (`unreachable`,
// `http_status`, `web_page`, `too_large`) that tells the next step (url_advice.h); a body is at most
// UrlOptions::most_bytes.
//
// Thread safety: as Source. Process safety: a forked child makes a new one. Invariants: I4.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "weir/snapshot.h"

namespace weir {

struct UrlOptions {
  std::string url;      ///< http:// or https://
  std::string ca_file;  ///< certificates to trust instead of the system's; empty: those
  std::chrono::milliseconds timeout{10'000};
  std::size_t most_bytes = 256u << 20;
};

/// Throws ConfigError for a URL that is none, of another scheme, or that holds a password: every user of the host sees
/// a process's arguments; and for a ca_file that is no regular one. Asks nothing yet.
std::unique_ptr<Source> url_source(UrlOptions options);

}  // namespace weir
