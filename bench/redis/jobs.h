// The workloads of Redis. Each prints its rows; servers are real and their own.
#pragma once

#include <cstddef>
#include <string>

namespace weir::bench {

/// A counter in Redis storage beside one in memory: server up, both layouts, and server stopped.
void bench_redis_count(std::size_t rounds);
/// What shipping asks of the server, by the server's own statistics: 10,000 dirty series, and an idle process.
void bench_redis_work(std::size_t rounds, double idle_seconds);
/// Scrapes of 32,000 values, warm; `layout` is per-process or shared.
void bench_redis_scrape(const std::string& layout, std::size_t rounds);
/// The same keys kept for peers: prints port, one of the keys and the sum of all values, and waits for the end of
/// stdin.
int keep_redis(const std::string& layout);

}  // namespace weir::bench
