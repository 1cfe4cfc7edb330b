#include "redis_storage/redis_client_metrics.h"

#include <iterator>

#include "format/number.h"

namespace weir {
namespace {

void add_counter(std::vector<MetricFamily>& families, const char* name, const char* help, std::uint64_t value) {
  families.push_back({{name, MetricType::counter, help, ""},
                      {{std::string(name) + "_total", {}, static_cast<double>(value), {}}}});
}

MetricFamily failures(const RedisClientStatistics& met) {
  const std::pair<const char*, std::uint64_t> reasons[] = {{"authentication", met.failures_authentication},
                                                           {"connection", met.failures_connection},
                                                           {"protocol", met.failures_protocol},
                                                           {"timeout", met.failures_timeout}};
  MetricFamily family{{"weir_redis_failures", MetricType::counter, "Commands that got no reply.", ""}, {}};
  for (const auto& [reason, count] : reasons) {
    family.samples.push_back({"weir_redis_failures_total", {{"reason", reason}}, static_cast<double>(count), {}});
  }
  return family;
}

MetricFamily round_trips(const RedisClientStatistics& met) {
  MetricFamily family{
      {"weir_redis_round_trip_seconds", MetricType::histogram, "Time between sending to a server and its last reply.", ""},
      {}};
  const auto add = [&family](const char* suffix, Labels labels, double value) {
    family.samples.push_back({family.head.name + suffix, std::move(labels), value, {}});
  };
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < met.latency_buckets.size(); ++i) {
    below += met.latency_buckets[i];
    const bool last = i >= std::size(RedisClientStatistics::kLatencyBounds);
    add("_bucket", {{"le", last ? "+Inf" : bucket_bound(RedisClientStatistics::kLatencyBounds[i])}},
        static_cast<double>(below));
  }
  add("_count", {}, static_cast<double>(below));
  add("_sum", {}, met.latency_sum);
  return family;
}

}  // namespace

void append_client_metrics(const RedisClientStatistics& met, std::vector<MetricFamily>& families) {
  add_counter(families, "weir_redis_commands", "Commands sent to Redis.", met.commands);
  add_counter(families, "weir_redis_connections_opened", "Connections made to Redis.", met.connections_opened);
  add_counter(families, "weir_redis_errors_replied", "Errors Redis replied.", met.errors_replied);
  families.push_back(failures(met));
  add_counter(families, "weir_redis_pipelines", "Pipelines sent to Redis.", met.pipelines);
  if (!met.latency_buckets.empty()) families.push_back(round_trips(met));
}

}  // namespace weir
