// Shipping in the per-process layout against a real server: what is there, and what becomes of it when the server
// forgets, refuses, or has been told that we are dead.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redis_layout/redis_keys.h"
#include "redis_ship/shipping_for_test.h"

namespace weir {
namespace {

using for_test::eventually;
using for_test::kLong;
using for_test::quick;
using for_test::RedisServer;
using for_test::Shipping;
using for_test::total;
using testing::HasSubstr;

const std::string kJobs = md5_hex(R"(["jobs", "jobs_total", {}, "Jobs."])");

std::string pid() { return std::to_string(::getpid()); }

// What folding does (the values go to an archive, here the key `retired`), with the tombstone it leaves.
void fold(const RedisServer& server, const std::string& writer) {
  const std::string claim = "gunicorn:weir:claim:" + writer;
  server.cli({"EVAL", R"(
for _, member in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local colon = string.find(member, ':')
  local key = 'gunicorn:' .. string.sub(member, 1, colon - 1) .. ':' .. ARGV[1] .. ':metric:' .. string.sub(member, colon + 1)
  local value = redis.call('HGET', key, 'value')
  redis.call('HSET', KEYS[2], member, value)
  redis.call('HINCRBYFLOAT', 'retired', member, value)
  redis.call('DEL', key)
end
redis.call('HSET', KEYS[2], 'folded_at', redis.call('TIME')[1])
redis.call('DEL', KEYS[1], KEYS[3], KEYS[4]))",
              "4", "gunicorn:weir:index:" + writer, "gunicorn:weir:tomb:" + writer, claim,
              "gunicorn:weir:lease:" + writer, writer});
}

TEST(PerProcessShipment, WhatWasCountedWhileShippingWasStoppedArrivesOnceItIsResumed) {
  for (const RedisLayout layout : {RedisLayout::per_process, RedisLayout::shared}) {
    RedisServer server;
    Shipping on(quick(server.options(), layout));
    on.counter.inc(2);
    EXPECT_TRUE(on.storage.stop(kLong));
    on.counter.inc(3);
    on.registry.counter({.name = "more", .help = "More."}).inc(1);  // starts nothing
    EXPECT_FALSE(on.storage.flush(kLong));
    const std::string key =
        layout == RedisLayout::shared ? "jobs_total" : server.cli({"--scan", "--pattern", "*counter*:metric:*"});
    const auto value = [&] {
      return std::stod(layout == RedisLayout::shared ? server.cli({"GET", key}) : server.cli({"HGET", key, "value"}));
    };
    EXPECT_EQ(value(), 2);
    on.storage.resume();
    ASSERT_TRUE(on.storage.flush(kLong));
    EXPECT_EQ(value(), 5);
  }
}

TEST(PerProcessShipment, TwoServersOfOneProcessKnowNothingOfEachOther) {
  RedisServer one;
  RedisServer other;
  Shipping to_one(quick(one.options()));
  Shipping to_other(quick(other.options(), RedisLayout::shared));
  to_one.counter.inc(1);
  to_other.counter.inc(2);
  ASSERT_TRUE(to_one.storage.flush(kLong));
  ASSERT_TRUE(to_other.storage.flush(kLong));
  other.kill();
  to_one.counter.inc(3);
  to_other.counter.inc(4);
  EXPECT_TRUE(to_one.storage.flush(kLong));
  EXPECT_FALSE(to_other.storage.flush(std::chrono::milliseconds(300)));
  EXPECT_EQ(total(one, "counter"), 4);
  EXPECT_TRUE(to_one.storage.statistics().connected);
  EXPECT_FALSE(to_other.storage.statistics().connected);
}

TEST(PerProcessShipment, WritesWhatPythonsExporterReads) {
  RedisServer server;
  Shipping on(quick(server.options()));
  on.counter.inc(5);
  ASSERT_TRUE(on.storage.flush(kLong));
  EXPECT_EQ(on.writer(), pid());
  const std::string key = "gunicorn:counter:" + pid() + ":metric:" + kJobs;
  EXPECT_EQ(server.cli({"HGET", key, "value"}), "5.0");
  EXPECT_EQ(server.cli({"HGET", key, "timestamp"}), "0.0");
  const std::string meta = "gunicorn:counter:" + pid() + ":meta:" + kJobs;
  EXPECT_EQ(server.cli({"HGET", meta, "original_key"}), R"(["jobs", "jobs_total", {}, "Jobs."])");
  EXPECT_EQ(server.cli({"HGET", meta, "typ"}), "counter");
  EXPECT_GT(std::stol(server.cli({"TTL", key})), 8 * 3600);
  EXPECT_GT(std::stol(server.cli({"PTTL", "gunicorn:weir:lease:" + pid()})), 0);
  EXPECT_EQ(server.cli({"TTL", "gunicorn:weir:claim:" + pid()}), "-1");
}

TEST(PerProcessShipment, ShipsOnlyWhatChanged) {
  RedisServer server;
  Shipping on(quick(server.options()));
  ASSERT_TRUE(on.storage.flush(kLong));
  const std::uint64_t before = on.storage.statistics().shipped;
  on.counter.inc();
  ASSERT_TRUE(on.storage.flush(kLong));
  EXPECT_EQ(on.storage.statistics().shipped, before + 1);
  EXPECT_EQ(total(server, "counter"), 1);
}

TEST(PerProcessShipment, AnEpochOrListOfWritersThatIsDeletedOrSpoiledIsMadeAgain) {
  RedisServer server;
  Shipping on(quick(server.options()));
  on.counter.inc(5);
  ASSERT_TRUE(on.storage.flush(kLong));
  const std::string epoch = "gunicorn:weir:epoch";
  const std::string lease = "gunicorn:weir:lease:" + pid();
  const auto lease_names_epoch = [&] {
    const std::string now = server.cli({"GET", epoch});
    return !now.empty() && server.cli({"GET", lease}).ends_with("." + now);
  };
  ASSERT_TRUE(lease_names_epoch());
  server.cli({"DEL", epoch, "gunicorn:weir:writers"});
  EXPECT_TRUE(eventually(lease_names_epoch));
  EXPECT_EQ(server.cli({"SMEMBERS", "gunicorn:weir:writers"}), pid());
  server.cli({"DEL", epoch});
  server.cli({"RPUSH", epoch, "x"});
  EXPECT_TRUE(eventually(lease_names_epoch));
  on.counter.inc();
  EXPECT_TRUE(on.storage.flush(kLong));
  EXPECT_EQ(on.writer(), pid());
  EXPECT_EQ(total(server, "counter"), 6);
  EXPECT_EQ(on.storage.statistics().failed_flushes, 0U);
}

TEST(PerProcessShipment, GoodbyeEndsTheLeaseAndKeepsTheValues) {
  RedisServer server;
  {
    Shipping on(quick(server.options()));
    on.counter.inc(7);
  }
  EXPECT_EQ(total(server, "counter"), 7);
  EXPECT_EQ(server.cli({"EXISTS", "gunicorn:weir:lease:" + pid()}), "0");
  EXPECT_EQ(server.cli({"HGET", "gunicorn:weir:claim:" + pid(), "goodbye"}), "1");
}

TEST(PerProcessShipment, TakesADistinctIdentityWhereThePidIsClaimed) {
  RedisServer server;
  server.cli({"HSET", "gunicorn:weir:claim:" + pid(), "token", "another host's"});
  Shipping on(quick(server.options()));
  on.counter.inc(2);
  ASSERT_TRUE(on.storage.flush(kLong));
  EXPECT_THAT(on.writer(), testing::StartsWith(pid() + "-"));
  EXPECT_EQ(total(server, "counter"), 2);
}

TEST(PerProcessShipment, LeavesTheKeysOfAProgramWithoutClaimsAlone) {
  RedisServer server;
  const std::string theirs = "gunicorn:counter:" + pid() + ":metric:" + kJobs;
  server.cli({"HSET", theirs, "value", "1000", "timestamp", "0"});
  Shipping on(quick(server.options()));
  on.counter.inc(2);
  on.gauge.set(4);
  ASSERT_TRUE(on.storage.flush(kLong));
  EXPECT_EQ(server.cli({"HGET", theirs, "value"}), "1000");
  EXPECT_EQ(server.cli({"HGET", theirs, "owner"}), "");
  EXPECT_EQ(total(server, "counter"), 1002);
  EXPECT_EQ(total(server, "gauge_livesum"), 4);
}

TEST(PerProcessShipment, FlushallIsHealedWholly) {
  RedisServer server;
  Shipping on(quick(server.options()));
  on.counter.inc(5);
  on.histogram.observe(1.5);
  ASSERT_TRUE(on.storage.flush(kLong));
  server.cli({"FLUSHALL"});
  on.counter.inc();
  ASSERT_TRUE(on.storage.flush(kLong));
  EXPECT_EQ(total(server, "counter"), 6);
  EXPECT_EQ(total(server, "histogram"), 2.5);  // one in a bucket, 1.5 in the sum
  EXPECT_EQ(on.storage.statistics().lost_claims, 1u);
  EXPECT_EQ(on.writer(), pid());
}

TEST(PerProcessShipment, AnIdleWriterHealsAFlushallWithItsLease) {
  RedisServer server;
  Shipping on(quick(server.options()));
  on.counter.inc(5);
  ASSERT_TRUE(on.storage.flush(kLong));
  server.cli({"FLUSHALL"});
  EXPECT_TRUE(eventually([&] { return total(server, "counter") == 5; }));
}

TEST(PerProcessShipment, TheLeaseNamesTheEpochWhenAllValuesAreThereAgain) {
  RedisServer server;
  Shipping on(quick(server.options()));
  ASSERT_TRUE(on.storage.flush(kLong));
  const std::string first = server.cli({"GET", "gunicorn:weir:lease:" + pid()});
  EXPECT_THAT(first, HasSubstr("." + server.cli({"GET", "gunicorn:weir:epoch"})));
  server.cli({"FLUSHALL"});
  on.counter.inc();
  ASSERT_TRUE(on.storage.flush(kLong));
  const std::string second = server.cli({"GET", "gunicorn:weir:lease:" + pid()});
  EXPECT_NE(second, first);
  EXPECT_THAT(second, HasSubstr("." + server.cli({"GET", "gunicorn:weir:epoch"})));
}

TEST(PerProcessShipment, ARestartedServerGetsEveryValueAgain) {
  RedisServer server;
  Shipping on(quick(server.options()));
  on.counter.inc(5);
  on.gauge.set(3);
  ASSERT_TRUE(on.storage.flush(kLong));
  server.kill();
  on.counter.inc();
  EXPECT_FALSE(on.storage.flush(std::chrono::milliseconds(300)));
  EXPECT_FALSE(on.storage.statistics().last_error.empty());
  server.restart();
  EXPECT_TRUE(eventually([&] { return total(server, "counter") == 6 && total(server, "gauge_livesum") == 3; }));
}

TEST(PerProcessShipment, AFoldedWriterGoesOnAsAnotherAndCountsNothingTwice) {
  RedisServer server;
  Shipping on(quick(server.options()));
  on.counter.inc(5);
  on.histogram.observe(1.5);
  ASSERT_TRUE(on.storage.flush(kLong));
  for (int round = 1; round <= 3; ++round) {
    fold(server, on.writer());
    on.counter.inc(2);
    ASSERT_TRUE(on.storage.flush(kLong));
    const double retired = std::strtod(server.cli({"HGET", "retired", "counter:" + kJobs}).c_str(), nullptr);
    EXPECT_EQ(retired + total(server, "counter"), 5 + 2 * round);
    EXPECT_THAT(on.writer(), testing::StartsWith(pid() + "-"));
    EXPECT_EQ(on.storage.statistics().fenced, static_cast<std::uint64_t>(round));
  }
  EXPECT_EQ(total(server, "histogram"), 0);  // all of it in the archive
}

TEST(PerProcessShipment, AKeyOfAnotherTypeCostsItselfOnly) {
  RedisServer server;
  Shipping on(quick(server.options()));
  ASSERT_TRUE(on.storage.flush(kLong));
  const std::string key = "gunicorn:counter:" + pid() + ":metric:" + kJobs;
  server.cli({"DEL", key});
  server.cli({"SET", key, "text"});
  on.counter.inc(5);
  on.gauge.set(3);
  EXPECT_FALSE(on.storage.flush(kLong));
  EXPECT_EQ(total(server, "gauge_livesum"), 3);
  EXPECT_GE(on.storage.statistics().refused, 1u);
  server.cli({"DEL", key});
  ASSERT_TRUE(on.storage.flush(kLong));
  EXPECT_EQ(total(server, "counter"), 5);
}

TEST(PerProcessShipment, AKeySomebodyDeletedIsMadeAgainWithItsMetadata) {
  RedisServer server;
  Shipping on(quick(server.options()));
  on.counter.inc();
  ASSERT_TRUE(on.storage.flush(kLong));
  server.cli({"DEL", "gunicorn:counter:" + pid() + ":metric:" + kJobs, "gunicorn:counter:" + pid() + ":meta:" + kJobs});
  on.counter.inc();
  ASSERT_TRUE(on.storage.flush(kLong));
  EXPECT_EQ(total(server, "counter"), 2);
  EXPECT_EQ(server.cli({"HGET", "gunicorn:counter:" + pid() + ":meta:" + kJobs, "typ"}), "counter");
}

TEST(PerProcessShipment, OneKeyThatIsGoneBringsAllOthersBack) {
  RedisServer server;
  Shipping on(quick(server.options()));
  on.counter.inc();
  on.gauge.set(4);
  ASSERT_TRUE(on.storage.flush(kLong));
  for (const std::string& key : for_test::lines(server.cli({"KEYS", "gunicorn:*:metric:*"}))) server.cli({"DEL", key});
  on.counter.inc();
  ASSERT_TRUE(on.storage.flush(kLong));
  EXPECT_EQ(total(server, "counter"), 2);
  EXPECT_EQ(total(server, "gauge_livesum"), 4);
}

TEST(PerProcessShipment, AWriterWhoseLeaseRanOutBringsItsLiveGaugesBack) {
  RedisServer server;
  Shipping on(quick(server.options()));
  on.gauge.set(4);
  ASSERT_TRUE(on.storage.flush(kLong));
  for (const std::string& key : for_test::lines(server.cli({"KEYS", "gunicorn:gauge_livesum:*"})))
    server.cli({"DEL", key});
  server.cli({"DEL", "gunicorn:weir:lease:" + pid()});
  EXPECT_TRUE(eventually([&] { return total(server, "gauge_livesum") == 4; }));
  EXPECT_EQ(on.storage.statistics().lost_leases, 1u);
}

TEST(PerProcessShipment, AFlushUsesItsTimeUntilTheServerIsBack) {
  RedisServer server;
  Shipping on(quick(server.options()));
  ASSERT_TRUE(on.storage.flush(kLong));
  server.kill();
  on.counter.inc();
  EXPECT_FALSE(on.storage.flush(std::chrono::milliseconds(500)));
  server.restart();
  EXPECT_TRUE(on.storage.flush(kLong));
  EXPECT_EQ(total(server, "counter"), 1);
}

TEST(PerProcessShipment, ASpoiledClaimOrWritersSetIsMadeAgain) {
  RedisServer server;
  Shipping on(quick(server.options()));
  on.counter.inc();
  ASSERT_TRUE(on.storage.flush(kLong));
  for (const std::string& key : {"gunicorn:weir:claim:" + pid(), std::string("gunicorn:weir:writers")}) {
    server.cli({"SET", key, "x"});
    on.counter.inc();
    EXPECT_TRUE(eventually([&] { return on.storage.flush(kLong); })) << key;
  }
  EXPECT_EQ(total(server, "counter"), 3);
  EXPECT_EQ(server.cli({"HGET", "gunicorn:weir:claim:" + pid(), "host"}).empty(), false);
}

TEST(PerProcessShipment, AFullServerKeepsTheLeaseAndGetsTheValuesLater) {
  RedisServer server;
  Shipping on(quick(server.options()));
  on.counter.inc();
  ASSERT_TRUE(on.storage.flush(kLong));
  server.cli({"CONFIG", "SET", "maxmemory", "1"});
  on.counter.inc();
  EXPECT_FALSE(on.storage.flush(kLong));
  EXPECT_THAT(on.storage.statistics().last_error, HasSubstr("OOM"));
  ::usleep(3'500'000);  // longer than the lease
  EXPECT_EQ(server.cli({"EXISTS", "gunicorn:weir:lease:" + pid()}), "1");
  server.cli({"CONFIG", "SET", "maxmemory", "0"});
  ASSERT_TRUE(on.storage.flush(kLong));
  EXPECT_EQ(total(server, "counter"), 2);
}

TEST(PerProcessShipment, AServerThatStandsStillDelaysNobodyButTheThread) {
  RedisServer server;
  RedisSettings settings = quick(server.options());
  settings.client.reply_timeout = std::chrono::milliseconds(200);
  Shipping on(settings);
  ASSERT_TRUE(on.storage.flush(kLong));
  server.pause();
  on.counter.inc(4);
  EXPECT_FALSE(on.storage.flush(std::chrono::milliseconds(1000)));
  server.resume();
  EXPECT_TRUE(eventually([&] { return total(server, "counter") == 4; }));
}

TEST(PerProcessShipment, ExemplarsStandBesideTheValue) {
  RedisServer server;
  Shipping on(quick(server.options()));
  on.counter.inc(1, {{"trace_id", "abc"}});
  ASSERT_TRUE(on.storage.flush(kLong));
  EXPECT_THAT(server.cli({"HGET", "gunicorn:counter:" + pid() + ":metric:" + kJobs, "exemplar"}),
              HasSubstr(R"("trace_id": "abc")"));
}

}  // namespace
}  // namespace weir
