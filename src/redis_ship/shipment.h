// One layout's way to bring this process's values to Redis: what is dirty is sent, what is acknowledged is clean.
//
// Thread safety: one thread at a time calls ship() and goodbye() (the Shipper's lock sees to that).
// Process safety: a forked child makes a new one. Invariants: I1, I2, I6.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>

#include "redis_ship/series_book.h"
#include "weir/redis_client.h"
#include "weir/redis_settings.h"
#include "weir/redis_storage.h"

namespace weir {

class Spool;

class Shipment {
 public:
  virtual ~Shipment() = default;
  Shipment(const Shipment&) = delete;
  Shipment& operator=(const Shipment&) = delete;

  /// Ships every sample that is dirty, or those of `only` that are (when it is not empty), and whatever upkeep is due.
  /// True when nothing it looked at is dirty any more. Throws what goes wrong for more than single samples: RedisError.
  virtual bool ship(std::span<const std::uint32_t> only) = 0;
  /// Last words: this process counts no more.
  virtual void goodbye() = 0;
  /// Fills in what this layout knows: writer, shipped, refused, lost_claims, lost_leases, fenced, series, dirty.
  virtual void tell(RedisShippingStatistics& statistics) const = 0;

 protected:
  Shipment() = default;
};

/// How many cells one script carries (protocol P8): a script blocks the server for well under a millisecond.
inline constexpr std::size_t kCellsPerScript = 100;
/// How many scripts stand in one pipeline: bounds what is in flight.
inline constexpr std::size_t kScriptsPerPipeline = 50;

/// `spool` is this process's record of what it has not shipped, or nullptr.
std::unique_ptr<Shipment> make_per_process_shipment(const RedisSettings& settings, std::shared_ptr<RedisClient> client,
                                                    const SeriesBook& book, Spool* spool = nullptr);
std::unique_ptr<Shipment> make_shared_shipment(const RedisSettings& settings, std::shared_ptr<RedisClient> client,
                                               const SeriesBook& book, Spool* spool = nullptr);

}  // namespace weir
