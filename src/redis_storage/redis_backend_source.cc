#include "redis_storage/redis_backend_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <mutex>
#include <optional>

#include "redis_collect/claims_on_server.h"
#include "redis_ship/redis_client_metrics.h"
#include "weir/redis_error.h"

namespace weir {
namespace {

using Statistics = RedisMultiProcessCollector::Statistics;

constexpr std::chrono::milliseconds kPatience{1000};

RedisOptions impatient(RedisOptions options) {
  options.connect_timeout = std::min(options.connect_timeout, kPatience);
  options.reply_timeout = std::min(options.reply_timeout, kPatience);
  options.pool_size = 1;
  return options;
}

/// A number of INFO; 0 where it does not stand.
double info_number(const std::string& info, std::string_view name) {
  const std::string field = fmt::format("\n{}:", name);
  const std::size_t at = info.find(field);
  std::uint64_t number = 0;
  if (at != std::string::npos) {
    std::from_chars(info.data() + at + field.size(), info.data() + info.size(), number);
  }
  return static_cast<double>(number);
}

/// What the server says of itself and of the processes that write there.
struct ServerNow {
  double ping = 0;  // seconds
  double keys = 0;
  double memory_used = 0;
  double memory_max = 0;
  double flush_lag = 0;
  double refused = 0;
  double lost_claims = 0;
  double lost_leases = 0;
};

class RedisBackendSource final : public Source {
 public:
  RedisBackendSource(const RedisMultiProcessCollector& collector, RedisBackendOptions options)
      : collector_(collector),
        reading_(std::move(options.reading)),
        client_(make_redis_client(impatient(std::move(options.options)))),
        keys_(options.key_prefix) {}

  std::shared_ptr<const Collection> collect() override {
    auto collection = std::make_shared<Collection>();
    std::vector<MetricFamily> families;
    const std::scoped_lock lock{mutex_};
    append_reading(collector_.statistics(), families);
    append_client_metrics(reading_->statistics(), families);
    append_server(ask(), families);
    collection->snapshot = snapshot_of(families);
    return collection;
  }
  std::string describe() const override { return "what the collector read, and its Redis"; }

 private:
  static void gauge(std::vector<MetricFamily>& families, const char* name, const char* help, double value) {
    append_metric(families, name, MetricType::gauge, help, value);
  }

  static void append_reading(const Statistics& read, std::vector<MetricFamily>& families) {
    gauge(families, "weir_redis_collect_commands", "Commands of the last collection.",
          static_cast<double>(read.commands));
    gauge(families, "weir_redis_collect_seconds", "Time the last collection took.", read.seconds);
    gauge(families, "weir_redis_collect_values", "Values the last collection read.", static_cast<double>(read.values));
    MetricFamily writers{{"weir_redis_collect_writers", MetricType::gauge, "Writers the last collection met.", ""}, {}};
    const std::pair<const char*, std::size_t> states[] = {
        {"dead", read.writers_dead}, {"foreign", read.writers_foreign}, {"live", read.writers_live}};
    for (const auto& [state, count] : states) {
      writers.samples.push_back({writers.head.name, {{"state", state}}, static_cast<double>(count), {}});
    }
    families.push_back(std::move(writers));
    append_metric(families, "weir_collections", MetricType::counter, "Collections since start.",
                  static_cast<double>(read.collections));
  }

  /// Nothing when the server does not answer.
  std::optional<ServerNow> ask() {
    try {
      ServerNow now;
      const auto began = std::chrono::steady_clock::now();
      client_->ping();
      now.ping = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
      for (const RedisReply& size : client_->on_every_master(read_command({"DBSIZE"}))) {
        if (size.is_good()) now.keys += static_cast<double>(size.integer);
      }
      for (const RedisReply& info : client_->on_every_master(read_command({"INFO", "memory"}))) {
        if (!info.is_good()) continue;
        now.memory_used += info_number(info.text, "used_memory");
        now.memory_max += info_number(info.text, "maxmemory");
      }
      RedisReading reading(*client_);
      take_claims(read_claims(reading, keys_), read_server_time(reading, keys_), now);
      return now;
    } catch (const RedisError&) {
      return std::nullopt;  // why, the collection of /metrics tells
    }
  }

  static void take_claims(const std::vector<ClaimOnServer>& claims, double time, ServerNow& now) {
    for (const ClaimOnServer& claim : claims) {
      if (!claim.is_live()) continue;
      if (claim.flushed_at > 0) now.flush_lag = std::max(now.flush_lag, time - claim.flushed_at);
      now.refused += static_cast<double>(claim.refused);
      now.lost_claims += static_cast<double>(claim.lost_claims);
      now.lost_leases += static_cast<double>(claim.lost_leases);
    }
  }

  void append_server(const std::optional<ServerNow>& now, std::vector<MetricFamily>& families) {
    gauge(families, "weir_redis_up", "1 while the server answers.", now ? 1 : 0);
    if (now) count_ping(now->ping);
    families.push_back(pings());
    if (!now) return;
    gauge(families, "weir_redis_keys", "Keys in the database.", now->keys);
    gauge(families, "weir_redis_memory_used_bytes", "Memory the server uses.", now->memory_used);
    gauge(families, "weir_redis_memory_max_bytes", "Memory the server may use; 0: no limit.", now->memory_max);
    gauge(families, "weir_redis_flush_lag_seconds",
          "Longest time since a live process had shipped all it counted; told every third of a lease.", now->flush_lag);
    gauge(families, "weir_redis_writers_refused", "Values the server refused live processes.", now->refused);
    gauge(families, "weir_redis_writers_lost_claims", "Claims live processes found gone and took again.",
          now->lost_claims);
    gauge(families, "weir_redis_writers_lost_leases", "Times live processes were away longer than their lease.",
          now->lost_leases);
  }

  void count_ping(double seconds) {
    const auto* const bound = std::lower_bound(std::begin(RedisClientStatistics::kLatencyBounds),
                                               std::end(RedisClientStatistics::kLatencyBounds), seconds);
    ++pings_[static_cast<std::size_t>(bound - std::begin(RedisClientStatistics::kLatencyBounds))];
    ping_seconds_ += seconds;
  }

  MetricFamily pings() const {
    return latency_histogram("weir_redis_ping_seconds", "Time of a PING, asked at each scrape of this page.", pings_,
                             ping_seconds_);
  }

  const RedisMultiProcessCollector& collector_;
  const std::shared_ptr<RedisClient> reading_;
  const std::shared_ptr<RedisClient> client_;
  const RedisKeys keys_;
  std::mutex mutex_;
  std::vector<std::uint64_t> pings_ =
      std::vector<std::uint64_t>(std::size(RedisClientStatistics::kLatencyBounds) + 1);  // guarded by mutex_
  double ping_seconds_ = 0;                                                              // likewise
};

}  // namespace

std::unique_ptr<Source> redis_backend_source(const RedisMultiProcessCollector& collector, RedisBackendOptions options) {
  return std::make_unique<RedisBackendSource>(collector, std::move(options));
}

}  // namespace weir
