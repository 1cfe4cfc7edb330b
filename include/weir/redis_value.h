// One value of a metric in Redis, kept by this process and written through at each change.
//
//   weir::RedisValue jobs("counter", "jobs", "jobs_total", {"queue"}, {"mail"}, "Jobs done.", "", client);
//   jobs.inc();                                       // a round trip; instruments count without one
//
// All objects of one value (same server, prefix, type, mode and key) share what this process knows of it, so that
// increments of several threads or objects are all counted. The value is read from Redis once, when the first of them
// is made; from then on this process is its only writer.
//
// The pid alone names the process, as in Python's exporter: where processes of several hosts or containers write values
// by hand into one Redis, give each host a prefix of its own. (Instruments need none: they claim a name, and take
// another where theirs is taken.)
//
// A write that throws is counted all the same: the process keeps it, and the next write of the value brings it to
// Redis. Do not repeat it (with_retry round `inc` would count twice).
//
// Errors: RedisConnectionError, RedisTimeoutError, RedisAuthenticationError; RedisReplyError with the server's words,
// and for a value that this process's Redis storage ships already; ValueError for arguments that cannot be used.
// Thread safety: every member from any thread; no lock is held while the server is asked.
// Process safety: in a forked child an object counts from zero, under the child's pid. Invariants: I1, I2, I7.
// Source: gunicorn_prometheus_exporter, RedisValue.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weir/redis_client.h"
#include "weir/snapshot.h"

namespace weir {

class RedisValue {
 public:
  /// `typ` is `counter`, `gauge`, `histogram` or `summary`; `multiprocess_mode` that of a gauge, empty for `all`. An
  /// empty prefix is REDIS_KEY_PREFIX, else `gunicorn`. Makes the value's keys. Throws, besides what the server gives
  /// cause for: ValueError for a wrong type or mode, labels without values, or no client; ConfigError for a prefix that
  /// cannot be used; FormatError when what stands there is no number.
  RedisValue(std::string_view typ, std::string_view metric_name, std::string_view name,
             const std::vector<std::string>& labelnames, const std::vector<std::string>& labelvalues,
             std::string_view help_text, std::string_view multiprocess_mode,
             std::shared_ptr<RedisClientProtocol> redis_client, std::string_view redis_key_prefix = "");
  ~RedisValue();
  RedisValue(RedisValue&&) noexcept;
  RedisValue& operator=(RedisValue&&) noexcept;

  /// What this process has counted or set. Asks nothing, but once in a forked child.
  double get() const;
  /// Without a timestamp (Unix seconds) the value is stamped now, by Redis' clock.
  void set(double value, std::optional<double> timestamp = std::nullopt);
  /// The timestamp becomes 0. Throws ValueError for a counter when `amount` is negative or not a number.
  void inc(double amount = 1);
  /// Unix seconds of the last set; 0 after an increment.
  double get_timestamp() const;

  /// Keeps it beside the value, in place of the one before. Throws ValueError for labels that no scraper takes (bad
  /// names, more than 128 characters).
  void set_exemplar(const Exemplar& exemplar);
  /// Asks the server. Nothing when there is none.
  std::optional<Exemplar> get_exemplar() const;

  /// The JSON key (see redis_key).
  const std::string& key() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Makes values of one server and prefix: what RedisStorageClient::get_value_class() gives.
using RedisValueClass = std::function<std::unique_ptr<RedisValue>(
    std::string_view typ, std::string_view metric_name, std::string_view name,
    const std::vector<std::string>& labelnames, const std::vector<std::string>& labelvalues, std::string_view help_text,
    std::string_view multiprocess_mode)>;

}  // namespace weir
