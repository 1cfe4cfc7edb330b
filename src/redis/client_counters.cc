#include "redis/client_counters.h"

#include <algorithm>

namespace weir {

// Relaxed throughout: nothing is published through these numbers.

void ClientCounters::add_round_trip(std::size_t commands, std::chrono::duration<double> took) noexcept {
  commands_.fetch_add(commands, std::memory_order_relaxed);
  pipelines_.fetch_add(1, std::memory_order_relaxed);
  const auto& bounds = RedisClientStatistics::kLatencyBounds;
  const auto bucket = std::lower_bound(std::begin(bounds), std::end(bounds), took.count()) - std::begin(bounds);
  latency_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  latency_sum_.fetch_add(took.count(), std::memory_order_relaxed);
}

void ClientCounters::add_failure(RedisReply::Failure failure) noexcept {
  failures_[static_cast<std::size_t>(failure)].fetch_add(1, std::memory_order_relaxed);
}

RedisClientStatistics ClientCounters::read() const {
  const auto count = [](const std::atomic<std::uint64_t>& from) { return from.load(std::memory_order_relaxed); };
  const auto failures = [&](RedisReply::Failure failure) {
    return count(failures_[static_cast<std::size_t>(failure)]);
  };
  RedisClientStatistics result;
  result.commands = count(commands_);
  result.pipelines = count(pipelines_);
  result.connections_opened = count(connections_);
  result.failures_connection = failures(RedisReply::Failure::connection);
  result.failures_timeout = failures(RedisReply::Failure::timeout);
  result.failures_authentication = failures(RedisReply::Failure::authentication);
  result.failures_protocol = failures(RedisReply::Failure::protocol);
  result.errors_replied = count(errors_);
  for (const auto& bucket : latency_) result.latency_buckets.push_back(count(bucket));
  result.latency_sum = latency_sum_.load(std::memory_order_relaxed);
  return result;
}

}  // namespace weir
