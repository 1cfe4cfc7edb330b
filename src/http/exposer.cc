#include "weir/exposer.h"

#include <fmt/core.h>

#include <utility>

#include "http/server.h"
#include "model/signals_blocked.h"
#include "weir/error.h"

namespace weir {
namespace {

void check(const ExposerOptions& options) {
  const auto require = [](bool good, const char* name, auto value, const char* right) {
    if (!good) throw ConfigError(fmt::format("exposer option {} is {}; it must be {}", name, value, right));
  };
  require(options.max_connections >= 1, "max_connections", options.max_connections, "at least 1");
  require(options.max_requests_in_flight >= 1, "max_requests_in_flight", options.max_requests_in_flight, "at least 1");
  require(options.connection_timeout.count() > 0, "connection_timeout", options.connection_timeout.count(),
          "above 0 ms");
  require(options.response_timeout.count() > 0, "response_timeout", options.response_timeout.count(), "above 0 ms");
  require(options.scrape_timeout.count() > 0, "scrape_timeout", options.scrape_timeout.count(), "above 0 ms");
  require(options.max_request_bytes >= 1024 && options.max_request_bytes <= 16 * 1024 * 1024, "max_request_bytes",
          options.max_request_bytes, "from 1024 to 16777216");
}

}  // namespace

Exposer::Exposer(ExposerOptions options, Source& source, Source* backend, WriterView* writers) {
  check(options);
  const SignalsBlocked blocked;
  impl_ = std::make_unique<Impl>(std::move(options), source, backend, writers);
}

Exposer::~Exposer() = default;

std::uint16_t Exposer::port() const noexcept { return impl_->port(); }

bool Exposer::has_tls() const noexcept { return impl_->has_tls(); }

void Exposer::reload() noexcept { impl_->reload(); }

}  // namespace weir
