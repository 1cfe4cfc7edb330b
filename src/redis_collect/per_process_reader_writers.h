// Which writers a Redis has, whether they live, and whether what is read while they are looked at holds together.
//
//   const auto& writers = writers_of.look(now);            // two round trips
//   if (!writers_of.awaited().empty()) …                   // refuse (reader_epoch.h)
//   if (writers_of.is_behind()) …                          // refuse: another replica, which is not there yet
//   … read …
//   if (!writers_of.stands()) …                            // a fold or another epoch came between: look again
//   writers_of.collected();
//
// Thread safety: one thread at a time. Invariants: I2.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "redis_collect/reader_epoch.h"
#include "redis_collect/redis_merge_reading.h"
#include "redis_layout/redis_keys.h"

namespace weir {

struct WriterOnServer {
  std::string name;
  std::string token;  ///< of its claim; empty: the claim is gone
  std::string keys;   ///< how many its index holds, as the claim says
  std::string lease;  ///< empty: dead
  std::chrono::milliseconds lease_length{15000};
};

class PerProcessWriters {
 public:
  PerProcessWriters(const RedisKeys& keys, RedisReading& reading);

  /// Sorted by name. Throws RedisError.
  const std::vector<WriterOnServer>& look(ReaderEpoch::Clock::time_point now, std::vector<Problem>& problems);
  const std::vector<WriterOnServer>& writers() const noexcept { return writers_; }
  /// Of the last look: the writers to wait for.
  const std::vector<std::string>& awaited() const noexcept { return awaited_; }
  /// Of the last look: the server has less of the stream of writes than the one whose values were shown last. So it is
  /// with another replica (P8).
  bool is_behind() const noexcept { return is_behind_; }
  /// True while epochs and fold counters are what the last look saw, and the server is not behind it.
  bool stands();
  void collected();

 private:
  struct Head {
    std::string epoch;  // `<master_replid>.<epoch key>`
    std::string folds;
    std::int64_t offset = -1;  // in the stream of writes; -1: not told
  };
  const RedisKeys& keys_;
  RedisReading& reading_;
  std::vector<std::string> buckets_;
  std::vector<Head> heads_;
  std::vector<Head> shown_;  // as they were at the end of the last collection shown
  bool is_behind_ = false;
  std::vector<WriterOnServer> writers_;
  std::vector<std::string> awaited_;
  std::map<std::string, ReaderEpoch> epochs_;  // by bucket

  std::vector<Head> read_heads(std::vector<std::string>* names, std::vector<Problem>* problems);
  static bool is_older(const Head& a, const Head& b);
  void read_claims();
};

}  // namespace weir
