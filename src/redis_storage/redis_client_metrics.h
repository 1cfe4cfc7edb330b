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

}  // namespace weir
