// Values of one Redis by hand, and what makes more of them: the dictionary, the value class and the clean-up in one.
//
//   weir::RedisStorageClient storage{client, "gunicorn"};
//   storage.put(key, 5);
//   auto [value, timestamp] = storage.get(key);
//   auto jobs = storage.get_value_class()("counter", "jobs", "jobs_total", {}, {}, "Jobs done.", "");
//   storage.cleanup_process_keys(4242);                  // its live* gauges: 4242 has ended
//
// Errors, thread safety and process safety: as RedisStorageDict.
// Source: gunicorn_prometheus_exporter, RedisStorageClient.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "weir/redis_client.h"
#include "weir/redis_storage_dict.h"
#include "weir/redis_value.h"

namespace weir {

class RedisStorageClient {
 public:
  /// An empty prefix is REDIS_KEY_PREFIX, else `gunicorn`. Throws ValueError without a client, ConfigError for a prefix
  /// that cannot be used.
  explicit RedisStorageClient(std::shared_ptr<RedisClientProtocol> redis_client, std::string_view key_prefix = "");

  /// Value and timestamp, as RedisStorageDict::read_value.
  std::pair<double, double> get(std::string_view key, std::string_view metric_type = "counter",
                                std::string_view multiprocess_mode = "");
  /// As RedisStorageDict::write_value.
  void put(std::string_view key, double value, std::optional<double> timestamp = std::nullopt,
           std::string_view metric_type = "counter", std::string_view multiprocess_mode = "");
  /// Makes RedisValues here.
  RedisValueClass get_value_class() const;
  /// Removes the `live*` gauges of a process that has ended; gives their number. Nothing else: see
  /// RedisStorageDict::cleanup_dead_worker.
  std::size_t cleanup_process_keys(long pid);
  std::shared_ptr<RedisClientProtocol> get_client() const { return client_; }

 private:
  std::shared_ptr<RedisClientProtocol> client_;
  std::string key_prefix_;
  RedisStorageDict dict_;
};

}  // namespace weir
