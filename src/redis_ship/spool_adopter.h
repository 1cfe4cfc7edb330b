// Brings to Redis what processes that are gone had not shipped (protocol P11).
//
// Under one lock of the directory, for each record whose owners are gone: the files leave their names, their values are
// shipped under the identity the record tells (what is there already changes nothing), the record becomes `.shipped`,
// the identity is released, the files go. Killed anywhere, the next adopter goes on. Files no record names were never
// shipped: they get a record, and an identity, of their own.
//
// Thread safety: one thread at a time. Process safety: a forked child makes its own. Invariants: I1.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "redis_ship/shipment.h"
#include "redis_ship/spooled_files.h"

namespace weir {

/// What one round came to.
struct Adopted {
  std::size_t records = 0;  ///< shipped wholly and removed
  std::size_t waiting = 0;  ///< that could not be, or for which there was no time
  std::string why;          ///< of one of them
};

class SpoolAdopter {
 public:
  using Clock = std::chrono::steady_clock;

  SpoolAdopter(const RedisSettings& settings, std::shared_ptr<RedisClient> client);
  /// Begins no record after `until`. What goes wrong is in the result.
  Adopted adopt(Clock::time_point until);

 private:
  void adopt_all(Clock::time_point until, Adopted& done);
  template <typename Step>
  void attempt(Adopted& done, const Step& step);
  bool adopt_record(const FoundRecord& record);
  void finish(const FoundRecord& record);
  void record_orphans(const std::vector<std::string>& files, Clock::time_point until, Adopted& done);
  FoundRecord record_for(const std::string& identity, const std::vector<std::string>& files);
  std::unique_ptr<Shipment> shipment_for(const FoundRecord& record, const SeriesBook& book, Spool& spool);

  const RedisSettings& settings_;
  const std::shared_ptr<RedisClient> client_;
  const std::string directory_;
};

/// For tools: ships all that lies in the spool of these settings and whose owners are gone, at most for `time`.
/// Throws ConfigError without a spool directory.
Adopted adopt_spool(const RedisSettings& settings, std::shared_ptr<RedisClient> client,
                    std::chrono::milliseconds time = std::chrono::minutes(10));

}  // namespace weir
