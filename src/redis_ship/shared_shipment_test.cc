// Shipping in the shared layout against a real server: pytheus' keys, and increments that arrive once whatever is lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "redis/tcp_proxy_for_test.h"
#include "redis_ship/shipping_for_test.h"
#include "weir/family.h"

namespace weir {
namespace {

using for_test::eventually;
using for_test::kLong;
using for_test::quick;
using for_test::RedisServer;
using for_test::Shipping;
using for_test::TcpProxy;

RedisSettings shared(RedisOptions client) { return quick(std::move(client), RedisLayout::shared); }

TEST(SharedShipment, AGaugeThatIsNoNumberOrInfiniteIsShippedOnceAndComesBack) {
  RedisServer server;
  Shipping on(quick(server.options(), RedisLayout::shared));
  for (const double value : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    on.gauge.set(value);
    EXPECT_TRUE(on.storage.flush(kLong));
    EXPECT_TRUE(on.storage.flush(kLong));
    on.gauge.inc(1);
    EXPECT_TRUE(on.storage.flush(kLong));
  }
  on.gauge.set(2);
  on.gauge.inc(HUGE_VAL);
  EXPECT_TRUE(on.storage.flush(kLong));
  on.gauge.set(3);
  EXPECT_TRUE(on.storage.flush(kLong));
  on.gauge.inc(4);
  EXPECT_TRUE(on.storage.flush(kLong));
  EXPECT_EQ(on.storage.statistics().refused, 0U);
}

TEST(SharedShipment, AnInfiniteCountIsRefusedOnceAndKeepsNothingElseBack) {
  RedisServer server;
  Shipping on(shared(server.options()));
  on.counter.inc(2);
  on.histogram.observe(1.5);
  ASSERT_TRUE(on.storage.flush(kLong));
  on.counter.inc(HUGE_VAL);
  on.histogram.observe(std::nan(""));
  on.histogram.observe(HUGE_VAL);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(on.storage.flush(kLong));
  EXPECT_EQ(on.storage.statistics().refused, 2U);
  EXPECT_EQ(on.storage.statistics().dirty, 0U);
  on.counter.inc(1);
  on.histogram.observe(0.5);
  ASSERT_TRUE(on.storage.flush(kLong));
  EXPECT_EQ(on.storage.statistics().refused, 2U);
  EXPECT_EQ(server.cli({"GET", "jobs_total"}), "2");
  EXPECT_EQ(server.cli({"GET", "wait:sum"}), "1.5");
  EXPECT_EQ(server.cli({"GET", "wait:+Inf"}), "4");
}

TEST(SharedShipment, AServerThatWasEmptiedIsToldWhatTheMetricsAreAndHowLongKeysStay) {
  RedisServer server;
  Shipping on(shared(server.options()));
  on.counter.inc(2);
  ASSERT_TRUE(on.storage.flush(kLong));
  on.counter.inc(3);
  ASSERT_TRUE(on.storage.flush(kLong));
  server.cli({"FLUSHALL"});
  on.counter.inc(4);
  ASSERT_TRUE(on.storage.flush(kLong));
  EXPECT_EQ(server.cli({"GET", "jobs_total"}), "4");
  EXPECT_EQ(server.cli({"HEXISTS", "weir.metadata", "jobs_total"}), "1");
  EXPECT_GT(std::stol(server.cli({"TTL", "jobs_total"})), 3000);
}

class OnlyNamed final : public CellGroup {
 public:
  SampleName sample_name(std::uint32_t i) const override {
    return {"latency_bucket", {{"le", bounds_[i]}}, bounds_[i]};
  }
  std::string_view family_name() const noexcept override { return "latency"; }
  std::string_view help() const noexcept override { return "L."; }
  MetricType type() const noexcept override { return MetricType::histogram; }

 private:
  std::array<std::string, 3> bounds_{"1.0", "2.0", "+Inf"};
};

// `through` makes a histogram's backends one by one, and a flush may come in between.
TEST(SharedShipment, BucketsMetAfterTheirMetricWasAnnouncedAreAnnounced) {
  RedisServer server;
  RedisSettings settings = shared(server.options());
  settings.durability = RedisDurability::through;
  Shipping on(settings);
  const OnlyNamed latency;
  const auto first = on.storage.make_backend(latency, 0);
  first->inc(1);
  ASSERT_THAT(server.cli({"HGET", "weir.metadata", "latency"}), testing::HasSubstr(R"(["1.0"])"));
  const auto second = on.storage.make_backend(latency, 1);
  const auto last = on.storage.make_backend(latency, 2);
  second->inc(1);
  EXPECT_THAT(server.cli({"HGET", "weir.metadata", "latency"}), testing::HasSubstr(R"(["1.0", "2.0", "+Inf"])"));
}

TEST(SharedShipment, WritesPytheusKeys) {
  RedisServer server;
  Shipping on(shared(server.options()));
  on.counter.inc(2.5);
  on.gauge.set(3);
  on.histogram.observe(1.5);
  on.registry.counter({.name = "calls", .help = "Calls."}, {"method", "code"}).labels("GET", "200").inc(4);
  ASSERT_TRUE(on.storage.flush(kLong));
  EXPECT_EQ(server.cli({"GET", "jobs_total"}), "2.5");
  EXPECT_EQ(server.cli({"GET", "depth"}), "3.0");
  EXPECT_EQ(server.cli({"GET", "wait:1.0"}), "0");
  EXPECT_EQ(server.cli({"GET", "wait:2.0"}), "1");
  EXPECT_EQ(server.cli({"GET", "wait:+Inf"}), "1");
  EXPECT_EQ(server.cli({"GET", "wait:count"}), "1");
  EXPECT_EQ(server.cli({"GET", "wait:sum"}), "1.5");
  EXPECT_EQ(server.cli({"HGET", "calls_total", R"({"method": "GET", "code": "200"})"}), "4");
  EXPECT_GT(std::stol(server.cli({"TTL", "jobs_total"})), 3000);
  EXPECT_GT(std::stol(server.cli({"TTL", "calls_total"})), 3000);
}

TEST(SharedShipment, TwoWritersAddUpAndTheLastSetWins) {
  RedisServer server;
  Shipping one(shared(server.options()));
  Shipping two(shared(server.options()));
  one.counter.inc(2);
  two.counter.inc(3);
  one.gauge.set(10);
  ASSERT_TRUE(one.storage.flush(kLong));
  two.gauge.set(4);
  two.gauge.inc(1);
  ASSERT_TRUE(two.storage.flush(kLong));
  EXPECT_EQ(server.cli({"GET", "jobs_total"}), "5");
  EXPECT_EQ(server.cli({"GET", "depth"}), "5.0");
  one.gauge.dec(2);
  ASSERT_TRUE(one.storage.flush(kLong));
  EXPECT_EQ(server.cli({"GET", "depth"}), "3");
}

// The script ran, its answer never came: the call is repeated and must add nothing.
TEST(SharedShipment, ALostReplyAddsNothingTwice) {
  RedisServer server;
  TcpProxy proxy(server.port());
  RedisSettings settings = shared(server.options());
  settings.client.addresses = {{"127.0.0.1", proxy.port(), ""}};
  Shipping on(settings);
  ASSERT_TRUE(on.storage.flush(kLong));
  double counted = 0;
  for (int round = 0; round < 20; ++round) {
    proxy.on_reply(TcpProxy::Then::cut);
    on.counter.inc(3);
    on.histogram.observe(1.5);
    counted += 3;
    on.storage.flush(kLong);
  }
  EXPECT_TRUE(eventually([&] { return on.storage.flush(kLong); }));
  EXPECT_EQ(std::strtod(server.cli({"GET", "jobs_total"}).c_str(), nullptr), counted);
  EXPECT_EQ(server.cli({"GET", "wait:count"}), "20");
}

TEST(SharedShipment, AKeyOfAnotherTypeCostsItselfOnlyAndLosesNothing) {
  RedisServer server;
  server.cli({"LPUSH", "jobs_total", "x"});
  Shipping on(shared(server.options()));
  on.counter.inc(5);
  on.gauge.set(3);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(on.storage.flush(kLong));
  EXPECT_EQ(server.cli({"GET", "depth"}), "3.0");
  server.cli({"DEL", "jobs_total"});
  ASSERT_TRUE(on.storage.flush(kLong));
  EXPECT_EQ(server.cli({"GET", "jobs_total"}), "5");
}

TEST(SharedShipment, WhatIsCountedWhileTheServerIsAwayIsAddedOnce) {
  RedisServer server({.arguments = {"--appendonly", "yes", "--appendfsync", "always"}});
  Shipping on(shared(server.options()));
  on.counter.inc(5);
  ASSERT_TRUE(on.storage.flush(kLong));
  server.kill();
  for (int i = 0; i < 10; ++i) {
    on.counter.inc();
    on.storage.flush(std::chrono::milliseconds(50));
  }
  server.restart();
  EXPECT_TRUE(eventually([&] { return server.cli({"GET", "jobs_total"}) == "15"; }));
}

TEST(SharedShipment, ALateCallOfAnOlderBatchIsRefused) {
  RedisServer server;
  TcpProxy proxy(server.port());
  RedisSettings settings = shared(server.options());
  settings.client.addresses = {{"127.0.0.1", proxy.port(), ""}};
  settings.client.reply_timeout = std::chrono::milliseconds(100);
  Shipping on(settings);
  ASSERT_TRUE(on.storage.flush(kLong));
  server.pause();  // requests pile up before it, their senders have given up
  on.counter.inc(3);
  for (int i = 0; i < 5; ++i) on.storage.flush(std::chrono::milliseconds(200));
  on.counter.inc(4);
  server.resume();
  EXPECT_TRUE(eventually([&] { return on.storage.flush(kLong); }));
  EXPECT_EQ(server.cli({"GET", "jobs_total"}), "7");
}

TEST(SharedShipment, ThroughIsThereWhenTheCallReturns) {
  RedisServer server;
  RedisSettings settings = shared(server.options());
  settings.durability = RedisDurability::through;
  settings.flush_interval = std::chrono::hours(1);
  Shipping on(settings);
  on.counter.inc(2);
  EXPECT_EQ(server.cli({"GET", "jobs_total"}), "2");
  on.gauge.set(9);
  EXPECT_EQ(server.cli({"GET", "depth"}), "9.0");
  on.histogram.observe(0.5);
  EXPECT_EQ(server.cli({"GET", "wait:count"}), "1");
  EXPECT_EQ(on.counter.get(), 2);
}

}  // namespace
}  // namespace weir
