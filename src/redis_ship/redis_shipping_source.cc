// redis_shipping_source(): what became of this process's own values, as metrics for its exposer's `/backend`.
#include <memory>

#include "redis_ship/redis_client_metrics.h"
#include "redis_ship/redis_storage.h"
#include "weir/redis_storage.h"

namespace weir {
namespace {

class RedisShippingSource final : public Source {
 public:
  explicit RedisShippingSource(RedisStorageBase& storage) : storage_(storage) {}

  std::shared_ptr<const Collection> collect() override {
    const RedisShippingStatistics met = storage_.statistics();
    std::vector<MetricFamily> families;
    const auto gauge = [&](const char* name, const char* help, double value) {
      append_metric(families, name, MetricType::gauge, help, value);
    };
    const auto counter = [&](const char* name, const char* help, std::uint64_t value) {
      append_metric(families, name, MetricType::counter, help, static_cast<double>(value));
    };
    gauge("weir_redis_up", "1 when the last flush reached the server.", met.connected ? 1 : 0);
    gauge("weir_redis_series", "Samples of this process.", static_cast<double>(met.series));
    gauge("weir_redis_dirty", "Samples whose newest value Redis had not acknowledged at the last flush.",
          static_cast<double>(met.dirty));
    gauge("weir_redis_flush_lag_seconds", "Time since the last flush that left nothing to ship.", met.lag);
    counter("weir_redis_flushes", "Flushes that shipped or renewed something.", met.flushes);
    counter("weir_redis_flushes_failed", "Flushes that did not reach the server.", met.failed_flushes);
    counter("weir_redis_shipped", "Values acknowledged.", met.shipped);
    counter("weir_redis_refused", "Values the server refused; they are tried again.", met.refused);
    counter("weir_redis_lost_claims", "Claims that were gone and taken again.", met.lost_claims);
    counter("weir_redis_lost_leases", "Times this process was away longer than its lease.", met.lost_leases);
    counter("weir_redis_fenced", "Times it had been folded meanwhile and went on as another writer.", met.fenced);
    families.push_back({{"weir_redis_writer_info", MetricType::gauge, "This process's name in Redis; always 1.", ""},
                        {{"weir_redis_writer_info", {{"writer", met.writer}}, 1, {}}}});
    append_client_metrics(client_statistics(), families);
    auto collection = std::make_shared<Collection>();
    collection->snapshot = snapshot_of(families);
    return collection;
  }
  std::string describe() const override { return "shipping to " + storage_.describe(); }

 private:
  /// Of the client that ships, where it is not the one for questions.
  RedisClientStatistics client_statistics() const {
    if (const auto* const ours = dynamic_cast<const RedisStorage*>(&storage_))
      return ours->shipping_client_statistics();
    return storage_.client()->statistics();
  }

  RedisStorageBase& storage_;  // storages live as long as the process
};

}  // namespace

std::shared_ptr<Source> redis_shipping_source(RedisStorageBase& storage) {
  return std::make_shared<RedisShippingSource>(storage);
}

}  // namespace weir
