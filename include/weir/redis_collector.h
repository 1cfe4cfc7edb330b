// Reading what many processes keep in Redis, as one source of samples.
//
//   weir::RedisMultiProcessCollector metrics{client, {.key_prefix = "gunicorn"}};
//   std::string body = weir::expose(*metrics.collect(), {});
//
// Reads keys written by Weir and by Python (gunicorn_prometheus_exporter, pytheus), both layouts, through the same
// merge as files. Keeps parsed metadata between calls: a warm collection asks for values and little else. Nothing is
// written.
//
// After a failover, a restart or a FLUSHALL a collection fails (an exposer answers 503) until every process that lived
// has shipped its values again, at most one lease time: a gap is harmless, a counter that falls is not (I2, P8).
//
// Thread safety: every member from several threads; overlapping calls share one collection, which begins after them.
// Process safety: reads only. A forked child makes a new one. Invariants: I2, I4, I5, I8.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "weir/redis_client.h"
#include "weir/snapshot.h"

namespace weir {

enum class RedisReadLayout : std::uint8_t { automatic, per_process, shared };

struct RedisCollectorOptions {
  std::string key_prefix;  ///< empty: REDIS_KEY_PREFIX, else `gunicorn`; of the shared layout: empty means none
  /// automatic: both, whichever keys there are; but keys of the shared layout that no program of Weir's described
  /// (pytheus alone) are looked for only under a `key_prefix` given here, or with `shared`, for any number may look so.
  RedisReadLayout layout = RedisReadLayout::automatic;
};

class RedisMultiProcessCollector : public Source {
 public:
  /// `client` empty: PROMETHEUS_REDIS_URL, then localhost:6379/0. Throws ConfigError for settings that cannot be used;
  /// a server that is not there is met at collect().
  explicit RedisMultiProcessCollector(std::shared_ptr<RedisClient> client = nullptr,
                                      const RedisCollectorOptions& options = {});
  ~RedisMultiProcessCollector() override;
  RedisMultiProcessCollector(const RedisMultiProcessCollector&) = delete;
  RedisMultiProcessCollector& operator=(const RedisMultiProcessCollector&) = delete;

  /// When nothing could be read, a Collection without samples and with a Problem (`redis_unreachable`, `redis_epoch`…).
  std::shared_ptr<const Collection> collect() override;
  std::string describe() const override;

  /// What the last collection met.
  struct Statistics {
    std::size_t writers_live = 0;
    std::size_t writers_dead = 0;     ///< claimed, without a lease
    std::size_t writers_foreign = 0;  ///< of Python's exporter: no claim
    std::size_t values = 0;           ///< keys (or fields) read
    std::size_t series = 0;
    std::uint64_t commands = 0;  ///< of the last collection
    double seconds = 0;
    std::uint64_t collections = 0;  ///< since construction
  };
  Statistics statistics() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Merges what a Redis holds now, as `merge_from_redis` of gunicorn_prometheus_exporter: with `accumulate` buckets are
/// cumulative and `_count` is added; without, they stand as stored, for writing them again. Throws what reading throws.
std::vector<MetricFamily> merge_from_redis(RedisClient& client, const std::string& key_prefix, bool accumulate = true,
                                           std::vector<Problem>* problems = nullptr);

}  // namespace weir
