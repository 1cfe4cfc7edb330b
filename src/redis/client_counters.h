// What a client and its nodes count about themselves.
//
// Thread safety: every member from any thread.
#pragma once

#include <array>
#include <atomic>
#include <chrono>

#include "weir/redis_client.h"

namespace weir {

class ClientCounters {
 public:
  void add_connection() noexcept { connections_.fetch_add(1, std::memory_order_relaxed); }
  /// One round trip of `commands` commands.
  void add_round_trip(std::size_t commands, std::chrono::duration<double> took) noexcept;
  void add_failure(RedisReply::Failure failure) noexcept;
  void add_error_reply() noexcept { errors_.fetch_add(1, std::memory_order_relaxed); }
  RedisClientStatistics read() const;

 private:
  static constexpr std::size_t kBuckets = std::size(RedisClientStatistics::kLatencyBounds) + 1;
  std::atomic<std::uint64_t> commands_{0}, pipelines_{0}, connections_{0}, errors_{0};
  std::array<std::atomic<std::uint64_t>, 4> failures_{};  // by RedisReply::Failure
  std::array<std::atomic<std::uint64_t>, kBuckets> latency_{};
  std::atomic<double> latency_sum_{0};
};

}  // namespace weir
