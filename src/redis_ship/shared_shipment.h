// Shipping in the shared layout: increments of this process are added to one value of all processes (P10).
//
// What is dirty is frozen into a batch; each of its calls carries a number, and the server keeps the number beside what
// it did, so that a call whose reply was lost is repeated without adding twice. New increments wait in the cells until
// the batch is answered: memory is bounded by the series. A gauge that was set since the last batch ships as a set,
// otherwise what it rose or fell by.
//
// Thread safety and process safety: as Shipment. Invariants: I1, I6.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "redis_ship/shared_batch.h"
#include "redis_ship/shared_series.h"
#include "redis_ship/shared_spool.h"
#include "redis_ship/shipment.h"

namespace weir {

class SharedShipment final : public Shipment {
 public:
  /// `spool`: where to write down what is sent, before it is; or nullptr.
  SharedShipment(const RedisSettings& settings, std::shared_ptr<RedisClient> client, const SeriesBook& book,
                 Spool* spool = nullptr);
  /// What a process that is gone had in its cells, beyond what it had shipped.
  SharedShipment(const RedisSettings& settings, std::shared_ptr<RedisClient> client, const SeriesBook& book,
                 Spool& spool, SharedPast past);

  bool ship(std::span<const std::uint32_t> only) override;
  void goodbye() override;
  void tell(RedisShippingStatistics& statistics) const override;

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::hours kBatchLife{24};  // as long as one may be on its way
  using Verb = SharedVerb;
  using Operation = SharedOperation;
  using Call = SharedCall;

  void gather();
  void freeze(std::vector<Operation> operations);
  void send();
  void settle(const Call& call, const RedisReply& reply);
  void refuse(const Operation& operation, const std::string& why);
  RedisCommand command_for(const Call& call) const;
  std::string batches_key(const std::string& key) const;
  void recall(SharedPast past);
  void announce();
  void renew();

  const RedisSettings& settings_;
  const std::shared_ptr<RedisClient> client_;
  const SeriesBook& book_;
  SharedSeries series_;
  const std::string writer_;
  std::optional<SharedSpool> spool_;
  std::vector<Call> batch_;  // frozen until every call is answered
  bool is_written_ = false;  // batch_, in the spool
  std::uint64_t sequence_ = 0;
  std::uint64_t generation_ = 0;
  std::uint64_t announced_ = 0;  // the version of the metadata the server has; 0: none
  Clock::time_point next_renewal_{};
  std::set<std::string> kept_;  // calls the server has answered, each a key and a field
  std::vector<bool> was_refused_;
  RedisShippingStatistics told_;
};

}  // namespace weir
