// An HTTP server for metrics: what `weir serve` runs, usable inside any program.
//
//   weir::Exposer exposer{{.listen = "127.0.0.1:9091"}, source};       // serves until destroyed
//
// Endpoints: /metrics (text 0.0.4 or OpenMetrics by Accept, gzip by Accept-Encoding, `?name[]=` picks families),
// /healthz (200 while it runs), /readyz (200 when the source can be read), /backend (Weir's own metrics), a live page
// for people at / and the JSON it is made of under /api/v1 (docs/api.md). TLS, passwords and response headers come of a
// web configuration file, or TLS alone of a certificate's files; changed files are in force within a second, broken
// ones never (docs/security.md). A scrape joins a collection that begins after it arrived, so many scrapers cost one
// collection at a time.
//
// Thread safety: every member may be called from any thread. Its threads block all signals.
// Process safety: not inherited by fork; start it in the process that serves.
// Invariants: I4 (hostile requests cost themselves only).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "weir/snapshot.h"
#include "weir/writers.h"

namespace weir {

/// What is at /: the live page (and /api/v1, which it asks), a plain one without scripts, or nothing.
enum class PageKind : std::uint8_t { live, plain, none };

/// TLS by files in PEM, where there is no web configuration file.
struct ExposerTls {
  std::string certificate_file{};  ///< the server's, then those in between; empty: plain HTTP
  std::string key_file{};
  std::string client_ca_file{};       ///< certificates clients show are verified against it
  std::string client_ca_directory{};  ///< the same as files named by hash (`openssl rehash`)
  bool client_certificate_required = false;
};

struct ExposerOptions {
  /// HOST:PORT; `[::1]:9091` for IPv6; `:9091` for every interface; port 0 takes a free one. `unix:/PATH` is a Unix
  /// socket for owner and group, `fd:N` a socket that listens already (systemd's first is 3).
  std::string listen = "127.0.0.1:9091";
  /// The web configuration of Prometheus' exporters, YAML; empty: none.
  std::string web_config_file{};
  ExposerTls tls{};
  /// /healthz and /readyz answer without a password. (A client certificate is TLS's, and asked for all the same.)
  bool health_without_password = false;
  /// More are closed at once.
  std::size_t max_connections = 2500;
  /// Of one client address (an IPv6 /64 is one). 0: a tenth of max_connections, and loopback as many as there may be.
  std::size_t max_connections_per_address = 0;
  /// More scrapes at one time get 503; /healthz always answers.
  std::size_t max_requests_in_flight = 40;
  /// Of one client address: who reads big answers slowly keeps no place of others. 0: a quarter of
  /// max_requests_in_flight, and loopback as many as there may be.
  std::size_t max_requests_in_flight_per_address = 0;
  /// How long a connection may wait for a whole request: idle ones and those that trickle are closed after it.
  std::chrono::milliseconds connection_timeout{10000};
  /// How long a client may take to read a response.
  std::chrono::milliseconds response_timeout{30000};
  /// Used where X-Prometheus-Scrape-Timeout-Seconds is absent. The 503 for being late comes a tenth of it earlier.
  std::chrono::milliseconds scrape_timeout{10000};
  /// Request line and headers together; more gets 414 or 431.
  std::size_t max_request_bytes = 32 * 1024;
  /// While uncompressed bodies of more than this are still being read by clients, further scrapes get 503.
  std::size_t max_body_bytes = 64 * 1024 * 1024;
  PageKind page = PageKind::live;
};

class Exposer {
 public:
  /// Binds and starts serving. `source`, `backend` whose families /backend shows beside Weir's own, and `writers` whom
  /// the page shows, must outlive the exposer. Throws ConfigError for a bad address, limit or web configuration
  /// and StorageError when the port cannot be had; both name it.
  Exposer(ExposerOptions options, Source& source, Source* backend = nullptr, WriterView* writers = nullptr);
  /// Stops accepting, finishes responses in flight (at most 5 s), then returns. A source's collect() that runs is
  /// waited for.
  ~Exposer();
  Exposer(const Exposer&) = delete;
  Exposer& operator=(const Exposer&) = delete;

  /// The port really bound; 0 for a Unix socket.
  std::uint16_t port() const noexcept;
  bool has_tls() const noexcept;
  /// Has the web configuration's files looked at now, rather than within a second. Does not wait.
  void reload() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
