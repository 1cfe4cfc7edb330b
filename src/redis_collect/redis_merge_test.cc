// What happens in the middle of a collection, and on a Cluster; on real servers.
#include "redis_collect/redis_merge.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>

#include "redis/forwarding_client_for_test.h"
#include "redis/redis_cluster_for_test.h"
#include "redis_collect/redis_reading_for_test.h"

namespace weir {
namespace {

using for_test::ForwardingClient;
using for_test::reasons;
using for_test::Reasons;
using for_test::ServerWithKeys;
using for_test::shown;
using for_test::Shown;

/// Lets a test act just before values are asked for.
class Interrupted final : public ForwardingClient {
 public:
  Interrupted(std::shared_ptr<RedisClient> real, std::function<void()> before_values)
      : ForwardingClient(std::move(real)), before_values_(std::move(before_values)) {}

  std::vector<RedisReply> pipeline(std::span<const RedisCommand> commands) override {
    const std::vector<std::string>& first = commands[0].arguments;
    if (first[0] == "HMGET" && first[2] == "value") before_values_();
    return ForwardingClient::pipeline(commands);
  }

 private:
  std::function<void()> before_values_;
};

class MergingRedis : public ::testing::Test {
 protected:
  ServerWithKeys redis;
  const std::string requests = ServerWithKeys::key_of("requests", "requests_total");

  void fold(const std::string& writer, const std::string& value) {
    redis.claim("retired");
    redis.die("retired");
    redis.put_ours("counter", "retired", requests, value);
    redis.run({"DEL", redis.keys().metric("counter", writer, md5_hex(requests)), redis.keys().claim(writer),
               redis.keys().index(writer)});
    redis.run({"SREM", redis.keys().writers(""), writer});
    redis.run({"INCR", redis.keys().folds("")});
  }
  std::shared_ptr<const Collection> collect(std::function<void()> before_values) {
    RedisMultiProcessCollector collector(std::make_shared<Interrupted>(redis.client(), std::move(before_values)),
                                         {.key_prefix = "gunicorn"});
    return collector.collect();
  }
};

TEST_F(MergingRedis, AFoldInTheMiddleIsReadAgain) {
  redis.claim("1");
  redis.put_ours("counter", "1", requests, "3.0");
  redis.die("1");
  redis.claim("2");
  redis.put_ours("counter", "2", requests, "4.0");
  bool folded = false;
  const auto collection = collect([&] {
    if (!std::exchange(folded, true)) fold("1", "3.0");
  });
  EXPECT_TRUE(folded);
  EXPECT_EQ(shown(*collection), (Shown{{"requests_total", 7}}));
  EXPECT_EQ(reasons(*collection), Reasons{});
}

TEST_F(MergingRedis, FoldsWithoutEndAreNotShownHalfDone) {
  redis.claim("1");
  redis.put_ours("counter", "1", requests, "3.0");
  const auto collection = collect([&] { redis.run({"INCR", redis.keys().folds("")}); });
  EXPECT_EQ(shown(*collection), Shown{});
  EXPECT_EQ(reasons(*collection), Reasons{"redis_folding"});
}

TEST_F(MergingRedis, AFlushallInTheMiddleShowsNothing) {
  redis.claim("1");
  redis.put_ours("counter", "1", requests, "3.0");
  redis.claim("2");
  bool flush = false;
  RedisMultiProcessCollector collector(std::make_shared<Interrupted>(redis.client(),
                                                                     [&] {
                                                                       if (flush) redis.run({"FLUSHALL"});
                                                                     }),
                                       {.key_prefix = "gunicorn"});
  EXPECT_EQ(shown(*collector.collect()), (Shown{{"requests_total", 3}}));
  flush = true;
  const auto collection = collector.collect();
  EXPECT_EQ(shown(*collection), Shown{});
  EXPECT_EQ(reasons(*collection), Reasons{"redis_epoch"});
}

TEST_F(MergingRedis, NamesThatClashAreToldWithTheirKeys) {
  redis.put("counter", "1", ServerWithKeys::key_of("jobs", "jobs"), "1.0");
  redis.put("gauge_max", "2", ServerWithKeys::key_of("jobs", "jobs"), "2.0");
  const auto collection = collect([] {});
  EXPECT_EQ(shown(*collection), (Shown{{"jobs", 1}, {"jobs_conflict_gauge", 2}}));
  ASSERT_EQ(reasons(*collection), Reasons{"type_conflict"});
  EXPECT_TRUE(collection->problems[0].subject.starts_with("gunicorn:gauge_max:2:metric:"));
}

TEST_F(MergingRedis, HelpThatDiffersIsTheSameWhoeverIsLeft) {
  redis.put("counter", "1", json_key("r", "r_total", {}, "A."), "1.0");
  redis.claim("2");
  redis.put_ours("counter", "2", json_key("r", "r_total", {}, "B."), "2.0");
  RedisMultiProcessCollector collector(redis.client(), {.key_prefix = "gunicorn"});
  const auto help = [](const Collection& collection) { return collection.snapshot.table->families()[0].head.help; };
  const auto both = collector.collect();
  EXPECT_EQ(help(*both), "A.");
  EXPECT_EQ(shown(*both), (Shown{{"r_total", 3}}));
  redis.run({"DEL", redis.keys().metric("counter", "1", md5_hex(json_key("r", "r_total", {}, "A.")))});
  const auto left = collector.collect();
  EXPECT_EQ(help(*left), "B.");
  EXPECT_EQ(shown(*left), (Shown{{"r_total", 2}}));
}

/// A server that says it has had so much of the stream of writes, as a replica says it.
class AtOffset final : public ForwardingClient {
 public:
  using ForwardingClient::ForwardingClient;
  std::vector<std::int64_t> offsets;  // one a question; the last for ever

  std::vector<RedisReply> pipeline(std::span<const RedisCommand> commands) override {
    std::vector<RedisReply> replies = ForwardingClient::pipeline(commands);
    for (std::size_t i = 0; i < replies.size(); ++i) {
      if (commands[i].arguments.front() != "INFO") continue;
      replies[i].text += fmt::format("slave_repl_offset:{}\r\n", offsets.front());
      if (offsets.size() > 1) offsets.erase(offsets.begin());
    }
    return replies;
  }
};

TEST(ReadingReplicas, AReplicaThatIsBehindTheOneShownBeforeIsNotShown) {
  ServerWithKeys redis;
  redis.claim("1");
  redis.put_ours("counter", "1", ServerWithKeys::key_of("requests", "requests_total"), "2.0");
  const auto client = std::make_shared<AtOffset>(redis.client());
  RedisMultiProcessCollector collector(client, {.key_prefix = "gunicorn"});
  client->offsets = {100, 120};  // before and after the values were read
  EXPECT_EQ(shown(*collector.collect()), (Shown{{"requests_total", 2}}));
  client->offsets = {110};
  for (int i = 0; i < 2; ++i) {
    const auto behind = collector.collect();
    EXPECT_EQ(reasons(*behind), Reasons{"redis_replica"});
    EXPECT_EQ(shown(*behind), Shown{});
  }
  client->offsets = {130, 110, 125, 140};  // changed in the middle: read again
  EXPECT_EQ(shown(*collector.collect()), (Shown{{"requests_total", 2}}));
  EXPECT_EQ(client->offsets, std::vector<std::int64_t>{140});
}

TEST(MergingRedisCluster, WritersOfAllBucketsAreOneExposition) {
  for_test::RedisCluster cluster;
  const std::shared_ptr<RedisClient> client = make_redis_client(cluster.options());
  const RedisKeys keys("gunicorn");
  const auto run = [&](std::vector<std::string> arguments, std::string route = {}) {
    return client->command({.arguments = std::move(arguments), .route_key = std::move(route)});
  };
  const std::string json = ServerWithKeys::key_of("requests", "requests_total");
  const std::string hash = md5_hex(json);
  for (long pid = 100; pid < 110; ++pid) {
    const std::string bucket = bucket_of(pid);
    const std::string writer = bucket + std::to_string(pid);
    run({"HSET", keys.claim(writer), "token", "t", "seq", "1", "keys", "1", "lease", "15000"});
    run({"SADD", keys.writers(bucket), writer});
    run({"SET", keys.epoch(bucket), "0123456789abcdef"});
    const std::string info = run({"INFO", "replication"}, keys.epoch(bucket)).text;
    run({"SET", keys.lease(writer), info.substr(info.find("master_replid:") + 14, 40) + ".0123456789abcdef"});
    run({"SADD", keys.index(writer), "counter:" + hash});
    run({"HSET", keys.metric("counter", writer, hash), "value", "1.0"});
    run({"HSET", keys.meta("counter", writer, hash), "original_key", json});
  }
  run({"HSET", keys.metric("counter", "7", hash), "value", "5.0"});
  RedisMultiProcessCollector collector(client, {.key_prefix = "gunicorn"});
  const auto collection = collector.collect();
  EXPECT_EQ(reasons(*collection), Reasons{});
  EXPECT_EQ(shown(*collection), (Shown{{"requests_total", 15}}));
  EXPECT_EQ(collector.statistics().writers_live, 10U);
}

}  // namespace
}  // namespace weir
