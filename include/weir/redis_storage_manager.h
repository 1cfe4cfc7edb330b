// Redis metrics as gunicorn_prometheus_exporter sets them up: one manager, one call.
//
//   if (!weir::setup_redis_metrics()) …              // logged; values go to files or memory meanwhile
//   std::string body = weir::expose(*weir::get_redis_collector()->collect(), {});  // what all processes counted
//   weir::teardown_redis_metrics();
//
// A program needs none of this to count into Redis: REDIS_ENABLED=true chooses the same storage. The manager adds the
// answer whether it works, the clean-up and the health check:
//
//   bool healthy = weir::get_redis_storage_manager().is_connected();
//
// Thread safety: every function from any thread; no lock is held while the server is asked.
// Process safety: a forked child inherits what was set up; its values are its own (weir/redis_storage.h).
// Source: gunicorn_prometheus_exporter, backend/service.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "weir/redis_client.h"
#include "weir/redis_collector.h"
#include "weir/redis_settings.h"
#include "weir/redis_value.h"

namespace weir {

/// That RedisMultiProcessCollector can be had. A program that may be built without weir-redis, and so cannot include
/// this, asks redis_available() of weir/backend.h.
inline constexpr bool kRedisCollectorAvailable = true;

using RedisClientFactory = std::function<std::shared_ptr<RedisClient>()>;
using RedisValueClassFactory =
    std::function<RedisValueClass(std::shared_ptr<RedisClient> client, const std::string& key_prefix)>;

class RedisStorageManager {
 public:
  /// The factories are for tests and for programs that bring their own; empty: the storage's client, and RedisValue.
  /// What a client factory makes is asked, handed out and read with; instruments always ship as the settings say.
  /// Without settings setup() takes the environment's.
  explicit RedisStorageManager(RedisClientFactory redis_client_factory = {},
                               RedisValueClassFactory value_class_factory = {},
                               std::optional<RedisSettings> settings = std::nullopt);
  ~RedisStorageManager();
  RedisStorageManager(const RedisStorageManager&) = delete;
  RedisStorageManager& operator=(const RedisStorageManager&) = delete;

  /// Makes metrics from now on live in Redis, and asks the server. False, with a line in the log:
  ///  - Redis is not enabled (debug), or its settings cannot be used (error): nothing changes;
  ///  - metrics exist already in another backend (error): nothing changes;
  ///  - the server does not answer (error): metrics work, their values go to files or memory meanwhile, and are
  ///    shipped when it comes. Call again to learn whether it has.
  /// True at once when it is set up already. Throws nothing of Weir's.
  bool setup();
  /// Flushes, for at most 5 s, stops shipping, and restores the storage that was chosen before setup(), or that the
  /// environment would have chosen without Redis. Metrics that exist already cannot move: they stay where they are, and
  /// go on being shipped, lest they be lost; the log says so. RedisStorageBase::stop() ends that, too.
  void teardown();
  /// setup() succeeded, and no teardown() came since.
  bool is_enabled() const;
  /// Asks the server now: false when it is not enabled, or gives no answer in time.
  bool is_connected() const;
  /// Empty while it is not enabled.
  std::shared_ptr<RedisClient> get_client() const;
  /// Makes values of this Redis; empty while it is not enabled.
  RedisValueClass get_value_class() const;
  /// Removes the `live*` gauges of processes that have ended: those with a claim and without a lease (P7). Counters and
  /// everything else of them stay, because totals must not fall. Gives how many there were; what fails is logged.
  std::size_t cleanup_keys();
  /// Reads what all processes keep there; the same object each time, empty while it is not enabled.
  std::shared_ptr<RedisMultiProcessCollector> get_collector();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The process's manager, made by the first call.
RedisStorageManager& get_redis_storage_manager();

// The same calls of the process's manager.

bool setup_redis_metrics();
void teardown_redis_metrics();
bool is_redis_enabled();
std::shared_ptr<RedisClient> get_redis_client();
std::size_t cleanup_redis_keys();
std::shared_ptr<RedisMultiProcessCollector> get_redis_collector();

}  // namespace weir
