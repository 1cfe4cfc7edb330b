// A writer on a real Redis for shipping tests: registry, storage, server.
//
//   Shipping on(server.options());
//   on.counter.inc(3);
//   ASSERT_TRUE(on.storage.flush(kLong));
//   EXPECT_EQ(on.total(server, "counter"), 3);
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "redis/redis_server_for_test.h"
#include "redis_ship/redis_storage.h"
#include "weir/registry.h"

namespace weir::for_test {

inline constexpr std::chrono::milliseconds kLong{20000};

inline RedisSettings quick(RedisOptions client, RedisLayout layout = RedisLayout::per_process) {
  RedisSettings settings;
  settings.client = std::move(client);
  settings.layout = layout;
  settings.flush_interval = std::chrono::milliseconds(50);
  settings.lease = std::chrono::milliseconds(3000);
  if (layout == RedisLayout::shared) settings.key_prefix = "";
  return settings;
}

// Lives as long as the process, as storages do; its thread ends with finish().
struct Shipping {
  explicit Shipping(RedisSettings settings)
      : storage(kept(new RedisStorage(std::move(settings), memory_storage()))),
        registry(storage),
        counter(registry.counter({.name = "jobs", .help = "Jobs."})),
        gauge(registry.gauge({.name = "depth", .help = "Depth.", .mode = GaugeMode::livesum})),
        histogram(registry.histogram({.name = "wait", .help = "Wait.", .buckets = {1, 2}})) {}
  ~Shipping() { storage.finish(); }

  // Within reach for ever, as a leak checker wants it.
  static RedisStorage& kept(RedisStorage* storage) {
    static auto* const all = new std::vector<RedisStorage*>;
    all->push_back(storage);
    return *storage;
  }
  std::string writer() const { return storage.statistics().writer; }
  std::string key(const std::string& kind, const std::string& hash) const {
    return "gunicorn:" + kind + ":" + writer() + ":metric:" + hash;
  }

  RedisStorage& storage;
  Registry registry;
  Counter& counter;
  Gauge& gauge;
  Histogram& histogram;
};

/// The lines redis-cli prints.
inline std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

/// The sum of field `value` over all metric keys of a kind, of the named sample's hash or of all.
inline double total(const RedisServer& server, const std::string& kind, const std::string& hash = "*") {
  double sum = 0;
  for (const std::string& key : lines(server.cli({"KEYS", "gunicorn:" + kind + ":*:metric:" + hash}))) {
    if (!key.empty()) sum += std::strtod(server.cli({"HGET", key, "value"}).c_str(), nullptr);
  }
  return sum;
}

/// Until `holds`, at most 20 s.
template <typename Holds>
bool eventually(Holds holds) {
  for (int i = 0; i < 2000; ++i) {
    if (holds()) return true;
    ::usleep(10'000);
  }
  return false;
}

}  // namespace weir::for_test
