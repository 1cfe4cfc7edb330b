// The Redis storage: cells in an inner storage, their names in a book, a shipper beside them.
//
// Thread safety: as Storage. Process safety: a forked child forgets the parent's shipper before anything else and makes
// its own with its first cell. Invariants: I1, I3, I6, I7.
#pragma once

#include <atomic>
#include <memory>

#include "redis_ship/series_book.h"
#include "redis_ship/shipper.h"
#include "weir/redis_storage.h"

namespace weir {

class RedisStorage final : public RedisStorageBase {
 public:
  /// `inner` makes the cells: memory, or files.
  RedisStorage(RedisSettings settings, Storage& inner);

  std::string_view backend_name() const noexcept override;
  std::string describe() const override;
  bool holds_backends() const noexcept override { return settings_.durability == RedisDurability::through; }
  bool marks_gauge_sets() const noexcept override { return settings_.layout == RedisLayout::shared; }
  std::unique_ptr<Backend> make_backend(const CellGroup& group, std::uint32_t i) override;

  void make_cells(const CellGroup& group, std::size_t slot, std::span<Cell*> out) override;
  void release_cells(const CellGroup& group, std::size_t slot, std::span<Cell* const> cells) noexcept override;
  void put_exemplar(const CellGroup& group, std::uint32_t i, const Exemplar& exemplar) override;
  void close_after_fork() noexcept override;
  void start_in_child() override;

  bool flush(std::chrono::milliseconds timeout) noexcept override;
  bool stop(std::chrono::milliseconds timeout) noexcept override;
  void resume() override;
  RedisShippingStatistics statistics() const override;
  const RedisSettings& settings() const noexcept override { return settings_; }
  std::shared_ptr<RedisClient> client() const override { return client_; }
  bool is_connected() noexcept override;
  /// Of the client that ships; client() is another.
  RedisClientStatistics shipping_client_statistics() const { return shipping_->statistics(); }

  /// `through`: brings one sample to Redis, waiting for the reply as long as the client does.
  void ship_now(std::uint32_t sample) noexcept;
  /// `through`, in a forked child that has not been told: starts from zero. A system call, and no more, otherwise.
  void enter_process();
  /// At exit: a last flush and the goodbye.
  void finish() noexcept;

 private:
  Shipper& shipper();
  void start_shipping();
  std::unique_ptr<Shipper> make_shipper() const;
  Shipper* current() const noexcept;

  const RedisSettings settings_;
  Storage& inner_;
  const std::shared_ptr<RedisClient> client_;    // for questions; shipping has one of its own
  const std::shared_ptr<RedisClient> shipping_;  // one connection, whose making is news to the shipment
  SeriesBook book_;
  bool is_stopped_ = false;                 // guarded by the registration lock
  std::atomic<Shipper*> shipper_{nullptr};  // this process's, never destroyed
  std::atomic<long> pid_;                   // of the process that shipper_ belongs to
};

}  // namespace weir
