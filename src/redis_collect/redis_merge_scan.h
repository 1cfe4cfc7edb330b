// Finding keys nobody keeps an index of, by SCAN, as seldom as will do.
//
//   KeyScan scan(escape_pattern(prefix) + ":*:metric:*");
//   if (scan.refresh(reading, problems)) …                          // take_keys()
//
// It scans at first, then again only when the number of keys changed, and at most every 5 s or 20 times as long as the
// last scan took: a twentieth of one connection's time, whatever the size of the database.
//
// Thread safety: one thread at a time.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "redis_collect/redis_merge_reading.h"

namespace weir {

class KeyScan {
 public:
  explicit KeyScan(std::string pattern) : pattern_(std::move(pattern)) {}

  /// True when it scanned. A server that does not allow SCAN is a Problem; what else goes wrong is thrown.
  bool refresh(RedisReading& reading, std::vector<Problem>& problems);
  /// What the scan found: sorted, each once.
  std::vector<std::string> take_keys() noexcept { return std::move(keys_); }
  /// What was taken was lost on the way: the next refresh() scans.
  void again() noexcept { has_scanned_ = false; }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kShortest{5};
  static constexpr int kRest = 20;

  std::string pattern_;
  std::vector<std::string> keys_;
  std::vector<Problem> refused_;  // told at every collection
  bool has_scanned_ = false;
  Clock::time_point next_{};
  std::vector<std::int64_t> size_;  // DBSIZE, by node, as it was before the last scan
};

/// `text` as SCAN's MATCH takes it literally.
std::string escape_pattern(std::string_view text);

}  // namespace weir
