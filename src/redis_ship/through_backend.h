// One value of the durability `through`: each write is acknowledged by Redis before it returns (P11).
//
// Redis away: the write waits as long as the client's timeouts allow (a client that just failed fails at once), is
// counted as failed, and stays in the cell, from where it is shipped later.
//
// Thread safety: any thread. Process safety: a forked child starts from zero.
#pragma once

#include <cstdint>

#include "weir/backend.h"
#include "weir/cell.h"

namespace weir {

class RedisStorage;

class ThroughBackend final : public Backend {
 public:
  ThroughBackend(RedisStorage& storage, std::uint32_t sample, Cell& cell, bool keeps_time, bool marks_sets)
      : storage_(storage), sample_(sample), cell_(cell), keeps_time_(keeps_time), marks_sets_(marks_sets) {}

  void inc(double amount) override;
  void dec(double amount) override { inc(-amount); }
  void set(double value) override;
  /// This process's value.
  double get() const override;

 private:
  RedisStorage& storage_;
  const std::uint32_t sample_;
  Cell& cell_;
  const bool keeps_time_;
  const bool marks_sets_;
};

}  // namespace weir
