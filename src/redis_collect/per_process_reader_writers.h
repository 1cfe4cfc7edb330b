// Which writers a Redis has, whether they live, and whether what is read while they are looked at holds together.
//
//   const auto& writers = writers_of.look(now);            // two round trips
//   if (!writers_of.awaited().empty()) …                   // refuse (reader_epoch.h)
//   … read …
//   if (!writers_of.stands()) …                            // a fold or another epoch came between: look again
//   writers_of.collected();
//
// Thread safety: one thread at a time. Invariants: I2.
#pragma once

#include <chrono>
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
  /// True while epochs and fold counters are what the last look saw.
  bool stands();
  void collected();

 private:
  struct Head {
    std::string epoch;  // `<master_replid>.<epoch key>`
    std::string folds;
    bool operator==(const Head&) const = default;
  };
  const RedisKeys& keys_;
  RedisReading& reading_;
  std::vector<std::string> buckets_;
  std::vector<Head> heads_;
  std::vector<WriterOnServer> writers_;
  std::vector<std::string> awaited_;
  std::map<std::string, ReaderEpoch> epochs_;  // by bucket

  std::vector<Head> read_heads(std::vector<std::string>* names, std::vector<Problem>* problems);
  void read_claims();
};

}  // namespace weir
