// A shipment of a process that spools: now and then it ships for processes that are gone, and when this one ends in
// order it leaves nothing to others.
//
// Thread safety and process safety: as Shipment. Invariants: I1.
#pragma once

#include <chrono>
#include <memory>

#include "redis_ship/shipment.h"
#include "redis_ship/spool.h"
#include "redis_ship/spool_adopter.h"

namespace weir {

class SpooledShipment final : public Shipment {
 public:
  SpooledShipment(const RedisSettings& settings, std::shared_ptr<RedisClient> client, const SeriesBook& book,
                  Spool::Files files);

  bool ship(std::span<const std::uint32_t> only) override;
  /// Where the last ship() left something, nothing is said: whoever comes next ships it.
  void goodbye() override;
  void tell(RedisShippingStatistics& statistics) const override { own_->tell(statistics); }

 private:
  void adopt();

  Spool spool_;
  const std::unique_ptr<Shipment> own_;
  SpoolAdopter adopter_;
  bool is_clean_ = false;
  bool has_told_ = false;
  SpoolAdopter::Clock::duration pause_;
  SpoolAdopter::Clock::time_point next_{};
};

}  // namespace weir
