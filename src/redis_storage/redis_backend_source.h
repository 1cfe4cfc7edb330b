// The Redis behind an exporter, as metrics for `/backend`: what reading it met, and how the server does now.
//
//   auto backend = redis_backend_source(collector, {.reading = client, .options = options, .key_prefix = "gunicorn"});
//   Exposer exposer({}, collector, backend.get());
//
// Each collection asks the server on a connection of its own that waits a second at most: a Redis that hangs costs
// `weir_redis_up 0`, never a scrape of `/backend`. docs/operations.md has the table of these metrics.
//
// Thread safety: collect() from any thread. Process safety: reads only; a forked child makes a new one.
#pragma once

#include <memory>
#include <string>

#include "weir/redis_client.h"
#include "weir/redis_collector.h"
#include "weir/snapshot.h"

namespace weir {

struct RedisBackendOptions {
  std::shared_ptr<RedisClient> reading;  ///< the collector's client, whose commands and failures are counted
  RedisOptions options;                  ///< of the connection that asks how the server does
  std::string key_prefix = "gunicorn";   ///< of the per-process layout
};

/// `collector` must outlive it.
std::unique_ptr<Source> redis_backend_source(const RedisMultiProcessCollector& collector, RedisBackendOptions options);

}  // namespace weir
