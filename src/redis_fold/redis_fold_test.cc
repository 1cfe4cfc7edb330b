// Folding in Redis: real servers, real writers that were killed or paused.
#include "weir/redis_fold.h"

#include <gtest/gtest.h>

#include <functional>

#include "redis/forwarding_client_for_test.h"
#include "redis/redis_cluster_for_test.h"
#include "redis_fold/dead_writers.h"
#include "redis_fold/redis_fold_for_test.h"

namespace weir {
namespace {

using for_test::fold_once_calm;
using for_test::kJobs;
using for_test::RedisCluster;
using for_test::RedisFoldTest;
using for_test::ServerWithKeys;
using for_test::Shown;
using namespace std::chrono_literals;

TEST(CalmWatch, CountsFromTheServersStart) {
  CalmWatch calm;
  const auto now = CalmWatch::Clock::now();
  calm.look("0", "id", 10s, false, now);
  EXPECT_EQ(calm.remaining(45s, now), 35s);
  calm.look("0", "id", 46s, false, now + 36s);
  EXPECT_LE(calm.remaining(45s, now + 36s), 0s);
}

TEST(CalmWatch, BeginsAnewWithAnotherMaster) {
  CalmWatch calm;
  const auto now = CalmWatch::Clock::now();
  calm.look("0", "one", 1000s, false, now);
  EXPECT_EQ(calm.remaining(45s, now), 0s);
  calm.look("0", "two", 2000s, true, now);
  EXPECT_EQ(calm.remaining(45s, now), 45s);
}

TEST(CalmWatch, BeginsAnewWithARestart) {
  CalmWatch calm;
  const auto now = CalmWatch::Clock::now();
  calm.look("0", "one", 1000s, false, now);
  calm.look("0", "one", 3s, false, now + 5s);
  EXPECT_EQ(calm.remaining(45s, now + 5s), 42s);
}

TEST(CalmWatch, APromotedServerIsWatchedFromNow) {
  CalmWatch calm;
  const auto now = CalmWatch::Clock::now();
  calm.look("0", "one", 1000s, true, now);
  EXPECT_EQ(calm.remaining(45s, now), 45s);
  calm.look("0", "one", 1045s, true, now + 45s);
  EXPECT_EQ(calm.remaining(45s, now + 45s), 0s);
}

TEST_F(RedisFoldTest, NobodyIsFoldedBeforeTheServerHasBeenCalm) {
  dead_counter("101", "2");
  redis.run({"HSET", redis.keys().claim("101"), "lease", "60000"});
  RedisFold fold(redis.client(), {});
  const FoldReport report = fold.fold();
  EXPECT_EQ(report.sources, 0U);
  EXPECT_EQ(report.left, 1U);
  EXPECT_GT(fold.calm_in(), 150s);
}

TEST_F(RedisFoldTest, DeadWritersBecomeTheRetiredOne) {
  dead_counter("101", "2");
  dead_counter("102", "3");
  const FoldReport report = fold_now();
  EXPECT_EQ(report.sources, 2U);
  EXPECT_EQ(report.entries, 2U);
  EXPECT_EQ(shown(), (Shown{{"jobs_total", 5}}));
  EXPECT_EQ(keys_like("gunicorn:counter:*:metric:*"), 1U);
  EXPECT_EQ(keys_like("gunicorn:counter:*:meta:*"), 1U);
  EXPECT_EQ(keys_like("gunicorn:weir:claim:*"), 1U);
}

TEST_F(RedisFoldTest, AWriterThatLivesIsLeftAlone) {
  dead_counter("101", "2");
  dead_counter("102", "3");
  redis.lease("102");
  const FoldReport report = fold_now();
  EXPECT_EQ(report.sources, 1U);
  EXPECT_EQ(report.live, 1U);
  EXPECT_EQ(shown(), (Shown{{"jobs_total", 5}}));
}

TEST_F(RedisFoldTest, KeysOfADeadWriterStayForItsTtl) {
  dead_counter("101", "2");
  redis.run({"HSET", redis.keys().claim("101"), "ttl", "99999999999"});
  EXPECT_EQ(fold_now().left, 1U);
}

TEST_F(RedisFoldTest, NumbersOfAClaimBeyondAnyClockAreNone) {
  dead_counter("101", "2");
  for (const char* number : {"nan", "inf", "-inf", "1e300", "-1e300", "99999999999999999"}) {
    redis.run({"HSET", redis.keys().claim("101"), "lease", number, "ttl", number});
    RedisFold fold(redis.client(), {});
    fold.fold();
    EXPECT_GT(fold.calm_in(), 30s) << number;  // three times the usual lease
    EXPECT_LT(fold.calm_in(), 60s) << number;
  }
}

TEST_F(RedisFoldTest, ASpooledWriterIsFoldedAfterItsGoodbyeOnly) {
  dead_counter("101", "2");
  redis.run({"HSET", redis.keys().claim("101"), "spool_host", "here"});
  EXPECT_EQ(fold_now().sources, 0U);
  redis.run({"HSET", redis.keys().claim("101"), "goodbye", "1"});
  EXPECT_EQ(fold_now().sources, 1U);
}

TEST_F(RedisFoldTest, ATombstoneTellsWhatWasFoldedUnlessGoodbyeWasSaid) {
  dead_counter("101", "2.5");
  dead_counter("102", "3");
  redis.run({"HSET", redis.keys().claim("102"), "goodbye", "1"});
  fold_now();
  EXPECT_EQ(redis.run({"HGET", redis.keys().tomb("101"), "counter:" + md5_hex(kJobs)}).text, "2.5");
  EXPECT_GT(redis.run({"TTL", redis.keys().tomb("101")}).integer, 86000);
  EXPECT_EQ(redis.run({"EXISTS", redis.keys().tomb("102")}).integer, 0);
}

TEST_F(RedisFoldTest, SumsNoDoubleCanSayStayExact) {
  dead_counter("101", "9007199254740992");
  for (const char* writer : {"102", "103", "104"}) dead_counter(writer, "0.75");
  fold_now();
  dead_counter("105", "0.75");
  fold_now();
  dead_counter("106", "-9007199254740991");
  EXPECT_EQ(shown(), (Shown{{"jobs_total", 4}}));
  fold_now();
  EXPECT_EQ(shown(), (Shown{{"jobs_total", 4}}));
}

TEST_F(RedisFoldTest, EveryKindMergesByItsRule) {
  for (const std::string writer : {"101", "102"}) {
    dead(writer);
    const bool is_first = writer == "101";
    for (const std::string mode : {"sum", "min", "max", "mostrecent"}) {
      value("gauge_" + mode, writer, ServerWithKeys::key_of("g_" + mode, "g_" + mode), is_first ? "5" : "3",
            is_first ? "200" : "100");
    }
    value("histogram", writer, ServerWithKeys::key_of("h", "h_bucket", {{"le", "1.0"}}), "2");
    value("histogram", writer, ServerWithKeys::key_of("h", "h_bucket", {{"le", "+Inf"}}), "1");
    value("histogram", writer, ServerWithKeys::key_of("h", "h_sum"), "4.5");
    value("summary", writer, ServerWithKeys::key_of("s", "s_count"), "2");
  }
  const Shown before = shown();
  EXPECT_EQ(before.at("g_mostrecent"), 5);
  EXPECT_EQ(before.at("h_count"), 6);
  fold_now();
  EXPECT_EQ(shown(), before);
  EXPECT_EQ(redis.run({"HLEN", redis.keys().tomb("101")}).integer, 1 + 1 + 3 + 1);  // sums, and when
}

TEST_F(RedisFoldTest, GaugesOfAllStayForTheirTimeAndLiveOnesGo) {
  dead("101");
  value("gauge_all", "101", ServerWithKeys::key_of("each", "each"), "7");
  value("gauge_livesum", "101", ServerWithKeys::key_of("now", "now"), "8");
  fold_now({.keep_all = 50s});
  EXPECT_EQ(shown(), (Shown{{"each{pid=\"101\"}", 7}}));
  const std::string key = redis.keys().metric("gauge_all", "101", md5_hex(ServerWithKeys::key_of("each", "each")));
  EXPECT_GT(redis.run({"TTL", key}).integer, 40);
  EXPECT_EQ(keys_like("gunicorn:gauge_livesum:*"), 0U);
}

TEST_F(RedisFoldTest, TheRetiredStayWhileAnybodyLivesAndThenExpire) {
  dead_counter("101", "2");
  redis.claim("102", "10");
  fold_now();
  const std::string key = redis.keys().metric("counter", "retired", md5_hex(kJobs));
  EXPECT_EQ(redis.run({"TTL", key}).integer, -1);
  redis.die("102");
  fold_now({.keep_retired = 100s});
  EXPECT_GT(redis.run({"TTL", key}).integer, 90);
  redis.claim("103", "10");
  fold_now();
  EXPECT_EQ(redis.run({"TTL", key}).integer, -1);
}

TEST_F(RedisFoldTest, AValueThatSomebodyElseWroteIsNotFolded) {
  dead_counter("101", "2");
  redis.run({"HSET", redis.keys().metric("counter", "101", md5_hex(kJobs)), "owner", "somebody"});
  RedisFold fold(redis.client(), {});
  const FoldReport report = fold_once_calm(fold);
  ASSERT_EQ(report.problems.size(), 1U);
  EXPECT_EQ(report.problems[0].reason, "not_folded");
  EXPECT_EQ(shown(), (Shown{{"jobs_total", 2}}));
}

TEST_F(RedisFoldTest, AUserWhoMayNotDoAllOfAFoldChangesNoTotal) {
  dead_counter("101", "2");
  fold_now();
  dead_counter("102", "3");
  RedisOptions options = redis.server().options();
  options.username = "folder";
  options.password = Secret("pass");
  for (const std::string denied :
       {"incr", "del", "expire", "hset", "sadd", "srem", "scard", "time", "smembers", "hmget", "exists"}) {
    redis.run({"ACL", "SETUSER", "folder", "reset", "on", ">pass", "~*", "+@all", "-" + denied});
    EXPECT_THROW(fold_now({}, make_redis_client(options)), RedisError) << denied;
    EXPECT_EQ(shown(), (Shown{{"jobs_total", 5}})) << denied;
  }
  EXPECT_EQ(fold_now().sources, 1U);
  EXPECT_EQ(shown(), (Shown{{"jobs_total", 5}}));
}

TEST_F(RedisFoldTest, AKeyOfAnotherTypeInTheWayChangesNoTotal) {
  dead_counter("101", "2");
  const std::string hash = md5_hex(kJobs);
  for (const std::string& key :
       {redis.keys().metric("counter", "retired", hash), redis.keys().meta("counter", "retired", hash),
        redis.keys().index("retired"), redis.keys().claim("retired"), redis.keys().tomb("101")}) {
    redis.run({"SET", key, "spoiled"});
    RedisFold fold(redis.client(), {});
    const FoldReport report = fold_once_calm(fold);
    EXPECT_EQ(report.sources, 0U) << key;
    EXPECT_EQ(report.left, 1U) << key;
    ASSERT_EQ(report.problems.size(), 1U) << key;
    EXPECT_EQ(report.problems[0].subject, key);
    EXPECT_EQ(redis.run({"HGET", redis.keys().metric("counter", "101", hash), "value"}).text, "2");
    redis.run({"DEL", key});
  }
  EXPECT_EQ(fold_now().sources, 1U);
  EXPECT_EQ(shown(), (Shown{{"jobs_total", 2}}));
}

TEST_F(RedisFoldTest, AFoldedTotalThatIsNoNumberIsNotWrittenOver) {
  dead_counter("101", "2");
  fold_now();
  const std::string key = redis.keys().metric("counter", "retired", md5_hex(kJobs));
  redis.run({"HSET", key, "value", "two"});
  dead_counter("102", "3");
  RedisFold fold(redis.client(), {});
  const FoldReport report = fold_once_calm(fold);
  ASSERT_EQ(report.problems.size(), 1U);
  EXPECT_EQ(report.problems[0].subject, key);
  EXPECT_EQ(redis.run({"HGET", key, "value"}).text, "two");
  redis.run({"HSET", key, "value", "2"});
  EXPECT_EQ(fold_now().sources, 1U);
  EXPECT_EQ(shown(), (Shown{{"jobs_total", 5}}));
}

/// A client before whose first script something happens.
class Meddler final : public for_test::ForwardingClient {
 public:
  Meddler(std::shared_ptr<RedisClient> client, std::function<void()> meddle)
      : ForwardingClient(std::move(client)), meddle_(std::move(meddle)) {}
  std::vector<RedisReply> pipeline(std::span<const RedisCommand> commands) override {
    if (commands[0].arguments[0].starts_with("EVAL") && meddle_) std::exchange(meddle_, nullptr)();
    return ForwardingClient::pipeline(commands);
  }

 private:
  std::function<void()> meddle_;
};

TEST_F(RedisFoldTest, WhatChangesBetweenLookingAndFoldingIsLookedAtAgain) {
  const auto fold_while = [&](const std::function<void()>& meddle) {
    RedisFold fold(std::make_shared<Meddler>(redis.client(), meddle), {});
    return fold_once_calm(fold);
  };
  dead_counter("101", "2");
  EXPECT_EQ(fold_while([&] { redis.lease("101"); }).sources, 0U);  // it came back
  EXPECT_EQ(shown(), (Shown{{"jobs_total", 2}}));
  redis.die("101");
  const auto ships_late = [&] {  // a request that was under way
    redis.run({"HSET", redis.keys().claim("101"), "seq", "2"});
    redis.run({"HSET", redis.keys().metric("counter", "101", md5_hex(kJobs)), "value", "3"});
  };
  EXPECT_EQ(fold_while(ships_late).sources, 0U);
  EXPECT_EQ(fold_now().sources, 1U);
  EXPECT_EQ(shown(), (Shown{{"jobs_total", 3}}));
  dead_counter("102", "4");
  dead_counter("103", "5");
  const auto another_folds = [&] { fold_now(); };
  EXPECT_EQ(fold_while(another_folds).sources, 0U);
  EXPECT_EQ(shown(), (Shown{{"jobs_total", 12}}));
}

TEST_F(RedisFoldTest, AWriterWhoseLastSignLiesInATimeToComeIsFolded) {
  dead_counter("101", "2");
  redis.run({"HSET", redis.keys().claim("101"), "flushed_at", "4102444800"});  // the server's clock was set back
  EXPECT_EQ(fold_now().sources, 1U);
  EXPECT_EQ(shown(), (Shown{{"jobs_total", 2}}));
}

TEST(RedisFoldInCluster, BucketsFoldEachOnItsOwn) {
  RedisCluster cluster;
  const auto client = make_redis_client(cluster.options());
  const RedisKeys keys("gunicorn");
  const auto run = [&](std::vector<std::string> arguments) {
    const RedisReply reply = client->command({.arguments = std::move(arguments), .route_key = {}});
    reply.throw_if_bad("test");
  };
  for (const std::string writer : {"{b01}33", "{b02}34", "{b02}66"}) {
    const std::string hash = md5_hex(kJobs);
    run({"HSET", keys.claim(writer), "token", "t", "seq", "1", "keys", "1", "lease", "10", "flushed_at", "1000", "ttl",
         "1"});
    run({"SADD", keys.writers(bucket_of(std::string_view(writer))), writer});
    run({"SADD", keys.index(writer), "counter:" + hash});
    run({"HSET", keys.metric("counter", writer, hash), "value", "2", "timestamp", "0", "owner", "t"});
    run({"HSET", keys.meta("counter", writer, hash), "original_key", kJobs});
  }
  for (int i = 0; i < 500; ++i) {  // so much that it moves in parts
    const std::string json = ServerWithKeys::key_of("big", "big_total", {{"i", std::to_string(i)}});
    const std::string hash = md5_hex(json);
    run({"SADD", keys.index("{b01}33"), "counter:" + hash});
    run({"HSET", keys.metric("counter", "{b01}33", hash), "value", "1", "timestamp", "0", "owner", "t"});
    run({"HSET", keys.meta("counter", "{b01}33", hash), "original_key", json});
  }
  RedisFold fold(client, {});
  const FoldReport report = fold_once_calm(fold);
  EXPECT_EQ(report.sources, 3U);
  const auto collection = RedisMultiProcessCollector(client, {.key_prefix = "gunicorn"}).collect();
  Shown found = for_test::shown(*collection);
  EXPECT_EQ(found.size(), 501U);
  EXPECT_EQ(found["jobs_total"], 6);
  EXPECT_EQ(found["big_total{i=\"7\"}"], 1);
  EXPECT_EQ(client->scan_keys("gunicorn:counter:*:metric:*").size(), 502U);
  EXPECT_EQ(client->scan_keys("gunicorn:weir:tomb:*").size(), 3U);
}

}  // namespace
}  // namespace weir
