#include "redis_ship/redis_client_metrics.h"

#include <iterator>

#include "format/number.h"

namespace weir {
namespace {

void add_counter(std::vector<MetricFamily>& families, const char* name, const char* help, std::uint64_t value) {
  append_metric(families, name, MetricType::counter, help, static_cast<double>(value));
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

}  // namespace

void append_metric(std::vector<MetricFamily>& families, const char* name, MetricType type, const char* help,
                   double value) {
  const std::string sample = type == MetricType::counter ? std::string(name) + "_total" : name;
  families.push_back({{name, type, help, ""}, {{sample, {}, value, {}}}});
}

MetricFamily latency_histogram(const char* name, const char* help, const std::vector<std::uint64_t>& buckets,
                               double sum) {
  MetricFamily family{{name, MetricType::histogram, help, ""}, {}};
  const auto add = [&family](const char* suffix, Labels labels, double value) {
    family.samples.push_back({family.head.name + suffix, std::move(labels), value, {}});
  };
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    below += buckets[i];
    const bool last = i >= std::size(RedisClientStatistics::kLatencyBounds);
    add("_bucket", {{"le", last ? "+Inf" : bucket_bound(RedisClientStatistics::kLatencyBounds[i])}},
        static_cast<double>(below));
  }
  add("_count", {}, static_cast<double>(below));
  add("_sum", {}, sum);
  return family;
}

void append_client_metrics(const RedisClientStatistics& met, std::vector<MetricFamily>& families) {
  add_counter(families, "weir_redis_commands", "Commands sent to Redis.", met.commands);
  add_counter(families, "weir_redis_connections_opened", "Connections made to Redis.", met.connections_opened);
  add_counter(families, "weir_redis_errors_replied", "Errors Redis replied.", met.errors_replied);
  families.push_back(failures(met));
  add_counter(families, "weir_redis_pipelines", "Pipelines sent to Redis.", met.pipelines);
  if (met.latency_buckets.empty()) return;
  families.push_back(latency_histogram("weir_redis_round_trip_seconds",
                                       "Time between sending to a server and its last reply.", met.latency_buckets,
                                       met.latency_sum));
}

}  // namespace weir
