// Counting is to cost the same whether values are shipped to a Redis or not, and whether that is there or not.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "harness/report.h"
#include "redis/jobs.h"
#include "redis/redis_server_for_test.h"
#include "weir/redis_collector.h"
#include "weir/redis_storage.h"
#include "weir/registry.h"

namespace weir::bench {
namespace {

constexpr std::size_t kCalls = 1 << 21U;
constexpr std::chrono::seconds kLong{20};

class Counting {
 public:
  Counting(Storage& storage, const std::string& name)
      : registry_(storage), counter_(registry_.counter({.name = name, .help = "Bench."})) {}
  /// Nanoseconds a call.
  [[gnu::noinline]] double measure() {
    Counter& counter = counter_;
    const double seconds = seconds_of([&] {
      for (std::size_t i = 0; i < kCalls; ++i) {
        compiler_barrier();
        counter.inc();
      }
    });
    return seconds / static_cast<double>(kCalls) * 1e9;
  }
  double total() const { return counter_.get(); }

 private:
  Registry registry_;
  Counter& counter_;
};

double sum_on_server(const for_test::RedisServer& server, const RedisSettings& settings) {
  RedisMultiProcessCollector collector(make_redis_client(server.options()), {.key_prefix = settings.key_prefix});
  const auto collection = collector.collect();
  double sum = 0;
  for (const double value : collection->snapshot.values) sum += value;
  return sum;
}

void run(const std::string& name, RedisLayout layout, bool is_up, std::size_t rounds) {
  auto server = std::make_unique<for_test::RedisServer>();
  RedisSettings settings;
  settings.client = server->options();
  settings.layout = layout;
  settings.flush_interval = std::chrono::milliseconds(100);  // ten times as often as by default: rounds are short
  RedisStorageBase& storage = redis_storage(settings);
  // The faster of two counts, as in bench_count.
  std::array without{std::make_unique<Counting>(memory_storage(), "bench_a"),
                     std::make_unique<Counting>(memory_storage(), "bench_b")};
  std::array with{std::make_unique<Counting>(storage, "bench_a"), std::make_unique<Counting>(storage, "bench_b")};
  const auto faster = [](auto& pair) { return std::min(pair[0]->measure(), pair[1]->measure()); };
  Row row("counter inc, " + name, "ns");
  if (!is_up) server->stop();
  row.time("floor", [&](std::size_t) { return faster(without); });
  row.time("weir", [&](std::size_t) { return faster(with); });
  row.run(rounds);
  const double truth = 2.0 * static_cast<double>((rounds + 1) * kCalls);
  if (!is_up) server->restart();
  if (!storage.flush(kLong)) row.wrong("not everything could be shipped: " + storage.statistics().last_error);
  const double seen = sum_on_server(*server, settings);
  if (seen != truth) row.wrong(fmt::format("the server holds {} instead of {}", seen, truth));
  if (const double own = with[0]->total() + with[1]->total(); own != truth) row.wrong(fmt::format("counted {}", own));
  row.print();
}

}  // namespace

void bench_redis_count(std::size_t rounds) {
  run("Redis per process against memory", RedisLayout::per_process, true, rounds);
  run("Redis shared against memory", RedisLayout::shared, true, rounds);
  run("Redis stopped against memory", RedisLayout::per_process, false, rounds);
}

}  // namespace weir::bench
