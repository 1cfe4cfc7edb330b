// Shipping in the per-process layout: absolute values under this process's own identity, by fenced scripts (P7, P8).
//
//   resolve   which identity is ours, after every new connection: claims made, made again, or left (own_identities.h)
//   create    samples the server has not: value, metadata, index
//   ship      samples whose value changed
//   lease     every third of a lease time: "alive", and with the epoch once all values are there
//   expire    every third of a key's life
//
// A value is clean when a reply said so, and dirty again whenever the server may have lost it. Late, lost and repeated
// calls are harmless: the sequence of the claim admits each call once, in order.
//
// Thread safety and process safety: as Shipment. Invariants: I1, I2, I6.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "redis_layout/redis_keys.h"
#include "redis_ship/own_identities.h"
#include "redis_ship/shipment.h"
#include "redis_ship/spool.h"

namespace weir {

/// A writer counts no more, and all it counted is there. Nothing where its claim is another's by now.
void say_goodbye(RedisClient& client, const RedisKeys& keys, const OwnIdentity& own);

class PerProcessShipment final : public Shipment {
 public:
  /// `spool`: where to write down who this process is, before anybody else learns it; or nullptr.
  PerProcessShipment(const RedisSettings& settings, std::shared_ptr<RedisClient> client, const SeriesBook& book,
                     Spool* spool = nullptr);
  /// What a process that is gone had in its cells, under the names it had.
  PerProcessShipment(const RedisSettings& settings, std::shared_ptr<RedisClient> client, const SeriesBook& book,
                     Spool& spool, OwnIdentities own);

  bool ship(std::span<const std::uint32_t> only) override;
  void goodbye() override;
  void tell(RedisShippingStatistics& statistics) const override;

 private:
  using Clock = std::chrono::steady_clock;

  // What the server is known to hold of a sample.
  struct Sample {
    BookedValue acknowledged;
    bool is_clean = false;    // `acknowledged` is what the server has
    bool is_created = false;  // its keys stand under the current identity
    bool was_refused = false;
    double shipped = 0;  // the value as sent: without what was folded before
  };
  struct Due {
    std::uint32_t sample = 0;
    BookedValue value;
  };
  enum class Outcome { good, again, lost, foreign };

  bool ship_what_is_due(std::span<const std::uint32_t> only);
  void keep_alive();
  bool must_resolve() const;
  void resolve();
  void walk(double now);
  IdentityOnServer look_at(const OwnIdentity& own);
  bool claim(bool again);
  void forget_created();
  void mark_all_dirty();
  void fold_from_acknowledged(double now);
  void retreat();
  double server_time();
  std::string replication_id();

  void catch_up();
  std::vector<Due> gather(std::span<const std::uint32_t> only);
  void refuse(std::uint32_t sample, const std::string& why);
  bool is_due(std::uint32_t sample, const BookedValue& value) const;
  Outcome send(std::span<const Due> due, bool create);
  Outcome settle(const RedisReply& reply, std::span<const Due> due, bool create);
  RedisCommand ship_call(std::span<const Due> due);
  RedisCommand create_call(std::span<const Due> due);
  std::string exemplar_text(const Due& due) const;
  double to_ship(const Due& due) const;
  std::string member(std::uint32_t sample) const;
  void acknowledge(const Due& due);

  Outcome renew_lease();
  bool renew_expiry();
  std::vector<std::string> claim_fields() const;
  const std::string& writer() const noexcept { return own_.current().writer; }

  const RedisSettings& settings_;
  const std::shared_ptr<RedisClient> client_;
  const SeriesBook& book_;
  const RedisKeys keys_;
  Spool* const spool_;
  OwnIdentities own_;
  std::vector<Sample> samples_;
  bool is_claimed_ = false;
  bool has_claimed_ = false;      // once at least
  std::uint64_t generation_ = 0;  // of the client, when we looked last
  std::uint64_t sequence_ = 0;
  std::string replication_id_;
  bool lease_names_epoch_ = false;
  bool had_lease_ = false;
  Clock::time_point next_lease_{};
  Clock::time_point next_expiry_{};
  double acknowledged_at_ = 0;  // by the server's clock
  RedisShippingStatistics told_;
};

}  // namespace weir
