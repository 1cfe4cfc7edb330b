// `weir_redis_*` on /backend, against real servers: of an exporter, and of a program that ships.
#include "redis_storage/redis_backend_source.h"

#include <gtest/gtest.h>

#include "redis_collect/redis_reading_for_test.h"
#include "redis_ship/shipping_for_test.h"

namespace weir {
namespace {

using for_test::ServerWithKeys;
using for_test::Shown;
using for_test::shown;

class RedisBackend : public ::testing::Test {
 protected:
  Shown now() { return shown(*source->collect()); }
  ServerWithKeys redis;
  RedisMultiProcessCollector collector{redis.client(), {.key_prefix = "gunicorn"}};
  std::unique_ptr<Source> source =
      redis_backend_source(collector, {.reading = redis.client(), .options = redis.server().options()});
};

TEST_F(RedisBackend, TellsServerAndProcesses) {
  for (const char* writer : {"1", "2", "3"}) redis.claim(writer);
  redis.die("3");
  redis.run({"HSET", redis.keys().claim("1"), "refused", "2", "lost_claims", "1", "flushed_at", "1000.0"});
  redis.run({"HSET", redis.keys().claim("2"), "refused", "3", "lost_leases", "4"});
  redis.run({"HSET", redis.keys().claim("3"), "refused", "100"});
  redis.put_ours("counter", "1", ServerWithKeys::key_of("a", "a_total"), "1.0");
  redis.run({"CONFIG", "SET", "maxmemory", "500000000"});
  collector.collect();
  const Shown met = now();
  EXPECT_EQ(met.at("weir_redis_up"), 1);
  EXPECT_EQ(met.at("weir_redis_keys"), std::stod(redis.server().cli({"DBSIZE"})));
  EXPECT_GT(met.at("weir_redis_memory_used_bytes"), 0);
  EXPECT_EQ(met.at("weir_redis_memory_max_bytes"), 500'000'000);
  EXPECT_EQ(met.at("weir_redis_writers_refused"), 5);  // of those that live
  EXPECT_EQ(met.at("weir_redis_writers_lost_claims"), 1);
  EXPECT_EQ(met.at("weir_redis_writers_lost_leases"), 4);
  EXPECT_GT(met.at("weir_redis_flush_lag_seconds"), 1e8);
  EXPECT_EQ(met.at("weir_redis_collect_writers{state=\"live\"}"), 2);
  EXPECT_EQ(met.at("weir_redis_collect_writers{state=\"dead\"}"), 1);
  EXPECT_GT(met.at("weir_redis_collect_seconds"), 0);
  EXPECT_EQ(met.at("weir_redis_ping_seconds_count"), 1);
  EXPECT_EQ(now().at("weir_redis_ping_seconds_count"), 2);
}

TEST_F(RedisBackend, AServerThatHangsOrIsGoneIsNotUp) {
  EXPECT_EQ(now().at("weir_redis_up"), 1);
  redis.server().pause();
  EXPECT_EQ(now().at("weir_redis_up"), 0);
  redis.server().resume();
  redis.server().kill();
  const Shown met = now();
  EXPECT_EQ(met.at("weir_redis_up"), 0);
  EXPECT_FALSE(met.contains("weir_redis_keys"));
  redis.server().restart();
  EXPECT_EQ(now().at("weir_redis_up"), 1);
}

TEST(RedisShippingSource, TellsWhatBecameOfThisProcesssValues) {
  for_test::RedisServer server;
  for_test::Shipping on(for_test::quick(server.options()));
  const std::shared_ptr<Source> source = redis_shipping_source(on.storage);
  on.counter.inc(3);
  ASSERT_TRUE(on.storage.flush(for_test::kLong));
  Shown met = shown(*source->collect());
  EXPECT_EQ(met.at("weir_redis_up"), 1);
  EXPECT_EQ(met.at("weir_redis_writer_info{writer=\"" + on.writer() + "\"}"), 1);
  EXPECT_GT(met.at("weir_redis_shipped_total"), 0);
  EXPECT_GT(met.at("weir_redis_series"), 0);
  EXPECT_GT(met.at("weir_redis_round_trip_seconds_count"), 0);
  EXPECT_FALSE(server.cli({"HGET", "gunicorn:weir:claim:" + on.writer(), "flushed_at"}).empty());
  server.kill();
  on.counter.inc(3);
  EXPECT_FALSE(on.storage.flush(std::chrono::milliseconds(300)));
  met = shown(*source->collect());
  EXPECT_EQ(met.at("weir_redis_up"), 0);
  EXPECT_GT(met.at("weir_redis_flushes_failed_total"), 0);
  EXPECT_GT(met.at("weir_redis_failures_total{reason=\"connection\"}"), 0);
}

}  // namespace
}  // namespace weir
