// What a client has met, as metrics for `/backend`.
//
// Thread safety: as the client's statistics: any thread.
#pragma once

#include <vector>

#include "weir/redis_client.h"
#include "weir/snapshot.h"

namespace weir {

/// Appends `weir_redis_commands`, `…_failures{reason}`, `…_round_trip_seconds` and their kind. Asks the server nothing.
void append_client_metrics(const RedisClientStatistics& met, std::vector<MetricFamily>& families);

/// A histogram over RedisClientStatistics::kLatencyBounds; `buckets` not cumulated, bounds plus one.
MetricFamily latency_histogram(const char* name, const char* help, const std::vector<std::uint64_t>& buckets,
                               double sum);
/// Appends a family of one sample without labels; a counter's sample is `<name>_total`.
void append_metric(std::vector<MetricFamily>& families, const char* name, MetricType type, const char* help,
                   double value);

}  // namespace weir
