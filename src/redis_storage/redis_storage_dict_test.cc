#include "weir/redis_storage_dict.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redis/redis_cluster_for_test.h"
#include "redis/redis_server_for_test.h"
#include "redis_layout/redis_keys.h"
#include "redis_storage/live_gauges.h"
#include "weir/redis_key.h"

namespace weir {
namespace {

using for_test::RedisServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The key and hash of the documents' example; the MD5 is Python's hashlib's.
const std::string kKey = redis_key("gunicorn_requests_total", "requests_total", {"method", "status"}, {"GET", "200"},
                                   "Total number of requests");
constexpr const char* kHash = "0cd32f67d9507f77be24c1561ea1fe24";

class RedisStorageDictTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server = new RedisServer; }
  static void TearDownTestSuite() {
    delete server;
    server = nullptr;
  }
  void SetUp() override {
    server->cli({"FLUSHALL"});
    client = make_redis_client(server->options());
    dict = std::make_unique<RedisStorageDict>(client, "app");
  }
  static std::string key_of(const std::string& kind, const std::string& data_type, const std::string& hash = kHash) {
    return "app:" + kind + ":" + std::to_string(::getpid()) + ":" + data_type + ":" + hash;
  }
  static std::string field(const std::string& key, const std::string& name) { return server->cli({"HGET", key, name}); }

  static RedisServer* server;
  std::shared_ptr<RedisClient> client;
  std::unique_ptr<RedisStorageDict> dict;
};
RedisServer* RedisStorageDictTest::server = nullptr;

TEST_F(RedisStorageDictTest, WritesTheKeysAndFieldsOfTheDocuments) {
  dict->write_value(kKey, 5, 1700000000.25);
  EXPECT_EQ(server->cli({"DBSIZE"}), "2");
  const std::string metric = key_of("counter", "metric");
  EXPECT_EQ(field(metric, "value"), "5.0");
  EXPECT_EQ(field(metric, "timestamp"), "1700000000.25");
  EXPECT_NEAR(std::stod(field(metric, "updated_at")), static_cast<double>(::time(nullptr)), 60);
  const std::string meta = key_of("counter", "meta");
  EXPECT_EQ(field(meta, "original_key"), kKey);
  EXPECT_EQ(field(meta, "typ"), "counter");
  EXPECT_NEAR(std::stod(field(meta, "created_at")), static_cast<double>(::time(nullptr)), 60);
}

TEST_F(RedisStorageDictTest, PutsTheModeOfAGaugeIntoTheKey) {
  dict->write_value(kKey, 1, 0, "gauge", "livesum");
  dict->write_value(kKey, 1, 0, "gauge", "max");
  EXPECT_EQ(field(key_of("gauge_livesum", "meta"), "multiprocess_mode"), "livesum");
  EXPECT_EQ(field(key_of("gauge_max", "metric"), "value"), "1.0");
}

TEST_F(RedisStorageDictTest, TakesAGaugeWithoutModeForTheOneThereIsElseForAll) {
  dict->write_value(kKey, 1, 0, "gauge");
  EXPECT_EQ(server->cli({"EXISTS", key_of("gauge_all", "metric")}), "1");
  const std::string other = redis_key("g", "g", {}, {}, "");
  dict->write_value(other, 1, 0, "gauge", "min");
  dict->write_value(other, 2, 0, "gauge");
  EXPECT_EQ(field(key_of("gauge_min", "metric", md5_hex(other)), "value"), "2.0");
  EXPECT_EQ(dict->read_value(other, "gauge").first, 2);
}

TEST_F(RedisStorageDictTest, AnUnknownKeyReadsZeroAndIsMade) {
  EXPECT_EQ(dict->read_value(kKey, "histogram"), (std::pair<double, double>(0, 0)));
  EXPECT_EQ(field(key_of("histogram", "metric"), "value"), "0.0");
  EXPECT_EQ(field(key_of("histogram", "metric"), "timestamp"), "0.0");
  EXPECT_EQ(field(key_of("histogram", "meta"), "original_key"), kKey);
}

TEST_F(RedisStorageDictTest, KeepsEveryBitOfAValue) {
  for (const double value : {0.1 + 0.2, 1e300, 5e-324, -0.0, 9007199254740993.0, 1700000000.123456}) {
    dict->write_value(kKey, value, value);
    const auto [read, timestamp] = dict->read_value(kKey);
    EXPECT_EQ(read, value);
    EXPECT_EQ(timestamp, value);
  }
  dict->write_value(kKey, INFINITY, 0);
  EXPECT_EQ(field(key_of("counter", "metric"), "value"), "inf");
  dict->write_value(kKey, NAN, 0);
  EXPECT_TRUE(std::isnan(dict->read_value(kKey).first));
}

TEST_F(RedisStorageDictTest, ReadsWhatPythonSpells) {
  server->cli({"HSET", key_of("counter", "metric"), "value", "12", "timestamp", "0.0"});
  EXPECT_EQ(dict->read_value(kKey).first, 12);
}

TEST_F(RedisStorageDictTest, KeepsAValueThatLacksItsTimestamp) {
  server->cli({"HSET", key_of("counter", "metric"), "value", "12"});
  EXPECT_EQ(dict->read_value(kKey), (std::pair<double, double>(12, 0)));
}

TEST_F(RedisStorageDictTest, StampsWithTheServersTime) {
  dict->write_value(kKey, 5);
  const auto [value, timestamp] = dict->read_value(kKey);
  EXPECT_NEAR(timestamp, static_cast<double>(::time(nullptr)), 60);
  EXPECT_EQ(field(key_of("counter", "metric"), "timestamp"), field(key_of("counter", "metric"), "updated_at"));
}

TEST_F(RedisStorageDictTest, StampsWithTheLocalClockWhereTimeIsForbidden) {
  server->cli({"ACL", "SETUSER", "limited", "on", ">pw", "~*", "&*", "+@all", "-time"});
  RedisOptions options = server->options();
  options.username = "limited";
  options.password = Secret("pw");
  RedisStorageDict limited(make_redis_client(options), "app");
  limited.write_value(kKey, 5);
  EXPECT_NEAR(limited.read_value(kKey).second, static_cast<double>(::time(nullptr)), 60);
}

TEST_F(RedisStorageDictTest, WritesMetadataOnce) {
  dict->ensure_metadata(kKey, "gauge", "max");
  const std::string meta = key_of("gauge_max", "meta");
  const std::string made = field(meta, "created_at");
  EXPECT_EQ(field(meta, "multiprocess_mode"), "max");
  dict->write_value(kKey, 1, 0, "gauge", "max");
  dict->ensure_metadata(kKey, "gauge", "max");
  EXPECT_EQ(field(meta, "created_at"), made);
}

TEST_F(RedisStorageDictTest, KeysGoADayAfterTheirLastWrite) {
  dict->write_value(kKey, 1);
  EXPECT_GT(std::stoi(server->cli({"TTL", key_of("counter", "metric")})), 86000);
  EXPECT_GT(std::stoi(server->cli({"TTL", key_of("counter", "meta")})), 86000);
}

TEST_F(RedisStorageDictTest, IsADictionary) {
  const std::string a = redis_key("a", "a", {}, {}, "");
  const std::string b = redis_key("b", "b", {}, {}, "");
  EXPECT_TRUE(dict->empty());
  EXPECT_FALSE(dict->contains(a));
  EXPECT_EQ(dict->get(a, 7), 7);
  EXPECT_EQ(server->cli({"DBSIZE"}), "0");
  EXPECT_THROW(dict->at(a), ValueError);
  dict->set(b, 2);
  dict->update({{a, 1}, {b, 3}});
  EXPECT_EQ(dict->at(b), 3);
  EXPECT_EQ(dict->size(), 2u);
  EXPECT_THAT(dict->keys(), ElementsAre(a, b));
  EXPECT_THAT(dict->values(), ElementsAre(1, 3));
  EXPECT_THAT(dict->items(), ElementsAre(std::pair(a, 1.0), std::pair(b, 3.0)));
  std::vector<std::string> walked;
  for (const std::string& key : *dict) walked.push_back(key);
  EXPECT_THAT(walked, ElementsAre(a, b));
  EXPECT_TRUE(dict->erase(a));
  EXPECT_FALSE(dict->erase(a));
  EXPECT_EQ(dict->size(), 1u);
  dict->clear();
  EXPECT_EQ(server->cli({"DBSIZE"}), "0");
}

TEST_F(RedisStorageDictTest, FindsAKeyWhateverItsTypeAndMode) {
  dict->write_value(kKey, 4, 0, "gauge", "livemostrecent");
  EXPECT_EQ(dict->at(kKey), 4);
  dict->set(kKey, 5);
  EXPECT_EQ(field(key_of("gauge_livemostrecent", "metric"), "value"), "5.0");
  EXPECT_EQ(server->cli({"DBSIZE"}), "2");
}

TEST_F(RedisStorageDictTest, TakesOverAnotherWithTypesAndTimes) {
  RedisStorageDict other(client, "other");
  other.write_value(kKey, 4, 12.5, "gauge", "max");
  dict->update(other);
  EXPECT_EQ(dict->read_value(kKey, "gauge", "max"), (std::pair<double, double>(4, 12.5)));
}

TEST_F(RedisStorageDictTest, HoldsThisProcessAndPrefixAlone) {
  server->cli({"HSET", "app:counter:999999999:metric:" + std::string(kHash), "value", "1", "timestamp", "0"});
  RedisStorageDict(client, "app2").set(kKey, 1);
  RedisStorageDict(client, "app*").set(kKey, 1);
  EXPECT_EQ(dict->size(), 0u);
  EXPECT_EQ(RedisStorageDict(client, "app*").size(), 1u);
  dict->clear();
  EXPECT_EQ(server->cli({"DBSIZE"}), "5");
}

TEST_F(RedisStorageDictTest, ReadAllValuesLeavesOutWhatCannotBeRead) {
  dict->write_value(kKey, 5, 1.5);
  server->cli({"HSET", key_of("counter", "metric", "00"), "value", "five", "timestamp", "0"});
  server->cli({"HSET", key_of("counter", "meta", "00"), "original_key", "[]"});
  server->cli({"SET", key_of("counter", "metric", "01"), "text"});
  server->cli({"HSET", key_of("counter", "metric", "02"), "value", "1", "timestamp", "0"});
  EXPECT_THAT(dict->read_all_values(), ElementsAre(std::tuple(kKey, 5.0, 1.5)));
}

TEST_F(RedisStorageDictTest, NamesTheKeyOfAValueThatIsNoNumber) {
  server->cli({"HSET", key_of("counter", "metric"), "value", "five", "timestamp", "0"});
  try {
    dict->read_value(kKey);
    FAIL();
  } catch (const FormatError& error) {
    EXPECT_THAT(error.what(), HasSubstr(key_of("counter", "metric")));
  }
}

TEST_F(RedisStorageDictTest, SaysTheServersWordsForAKeyOfAnotherType) {
  server->cli({"SET", key_of("counter", "metric"), "text"});
  EXPECT_THROW(dict->read_value(kKey), RedisReplyError);
  EXPECT_THROW(dict->write_value(kKey, 1), RedisReplyError);
}

TEST_F(RedisStorageDictTest, LeavesTheValuesOfARedisStorageAlone) {
  server->cli({"HSET", key_of("counter", "metric"), "value", "9.0", "timestamp", "0.0", "owner", "token"});
  EXPECT_EQ(dict->read_value(kKey).first, 9);
  EXPECT_THROW(dict->write_value(kKey, 1), RedisReplyError);
  EXPECT_THROW(dict->erase(kKey), RedisReplyError);
  dict->clear();
  EXPECT_EQ(field(key_of("counter", "metric"), "value"), "9.0");
}

TEST_F(RedisStorageDictTest, RefusesTypesModesAndPrefixesThatAreNone) {
  EXPECT_THROW(dict->read_value(kKey, "info"), ValueError);
  EXPECT_THROW(dict->read_value(kKey, "gauge", "live"), ValueError);
  EXPECT_THROW(RedisStorageDict(nullptr, "app"), ValueError);
  EXPECT_THROW(RedisStorageDict(client, "a:metric:b"), ConfigError);
}

TEST_F(RedisStorageDictTest, AnEmptyPrefixIsTheConfiguredOne) {
  ::setenv("REDIS_KEY_PREFIX", "fromenv:", 1);
  RedisStorageDict(client, "").set(kKey, 1);
  ::unsetenv("REDIS_KEY_PREFIX");
  RedisStorageDict(client, "").set(kKey, 1);
  const std::string pid = std::to_string(::getpid());
  EXPECT_EQ(server->cli({"EXISTS", "fromenv:counter:" + pid + ":metric:" + kHash}), "1");
  EXPECT_EQ(server->cli({"EXISTS", "gunicorn:counter:" + pid + ":metric:" + kHash}), "1");
}

TEST_F(RedisStorageDictTest, DropsAWriteThatComesAfterANewer) {
  dict->write_value(kKey, 1);
  const std::string fence = field(key_of("counter", "metric"), "fence");
  const std::string issuer = fence.substr(0, fence.find(':'));
  server->cli({"HSET", key_of("counter", "metric"), "fence", issuer + ":999999999", "value", "8.0"});
  dict->write_value(kKey, 2);
  EXPECT_EQ(dict->at(kKey), 8);
  server->cli({"HSET", key_of("counter", "metric"), "fence", "abc:999999999"});
  dict->write_value(kKey, 2);
  EXPECT_EQ(dict->at(kKey), 2);
}

TEST_F(RedisStorageDictTest, CleansUpTheLiveGaugesOfADeadProcessAlone) {
  const std::string dead = "app:gauge_livesum:4242:metric:00";
  for (const std::string kind : {"gauge_livesum", "gauge_liveall", "gauge_sum", "gauge_all", "counter", "histogram"}) {
    server->cli({"HSET", "app:" + kind + ":4242:metric:00", "value", "1", "timestamp", "0"});
    server->cli({"HSET", "app:" + kind + ":4242:meta:00", "original_key", kKey});
  }
  server->cli({"HSET", "app:gauge_livesum:42421:metric:00", "value", "1", "timestamp", "0"});
  EXPECT_EQ(dict->cleanup_dead_worker(4242), 2u);
  EXPECT_EQ(server->cli({"EXISTS", dead, "app:gauge_livesum:4242:meta:00", "app:gauge_liveall:4242:metric:00"}), "0");
  EXPECT_EQ(server->cli({"DBSIZE"}), "9");
  EXPECT_EQ(dict->cleanup_dead_worker(4242), 0u);
  EXPECT_THROW(dict->cleanup_dead_worker(0), ValueError);
}

TEST_F(RedisStorageDictTest, LeavesAProcessAloneWhoseLeaseRuns) {
  server->cli({"HSET", "app:gauge_livesum:4242:metric:00", "value", "1", "timestamp", "0"});
  server->cli({"SET", "app:weir:lease:4242", "x"});
  EXPECT_EQ(dict->cleanup_dead_worker(4242), 0u);
  server->cli({"DEL", "app:weir:lease:4242"});
  EXPECT_EQ(dict->cleanup_dead_worker(4242), 1u);
}

TEST_F(RedisStorageDictTest, CleaningUpKeepsTheClaimsCountOfTheIndexRight) {
  server->cli({"HSET", "app:weir:claim:4242", "token", "t", "keys", "2"});
  server->cli({"SADD", "app:weir:index:4242", "gauge_livesum:00", "counter:01"});
  server->cli({"HSET", "app:gauge_livesum:4242:metric:00", "value", "1", "timestamp", "0"});
  EXPECT_EQ(dict->cleanup_dead_worker(4242), 1u);
  EXPECT_EQ(server->cli({"SMEMBERS", "app:weir:index:4242"}), "counter:01");
  EXPECT_EQ(field("app:weir:claim:4242", "keys"), "1");
}

TEST_F(RedisStorageDictTest, IsEmptyInAForkedChild) {
  dict->set(kKey, 5);
  const pid_t child = ::fork();
  if (child == 0) {
    const bool good = dict->empty() && (dict->set(kKey, 2), dict->at(kKey) == 2);
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(dict->at(kKey), 5);
}

TEST_F(RedisStorageDictTest, ServesSeveralThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const std::string key = redis_key("m", "m", {"t"}, {std::to_string(t)}, "");
      for (int i = 1; i <= 50; ++i) dict->write_value(key, i);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(dict->values(), ElementsAre(50, 50, 50, 50));
}

TEST(RedisStorageDictInACluster, KeepsAProcessInOneSlotAndCleansUp) {
  const for_test::RedisCluster cluster;
  const auto client = make_redis_client(cluster.options());
  RedisStorageDict dict(client, "app");
  const std::string other = redis_key("m", "m", {}, {}, "");
  dict.write_value(kKey, 5, 1.5);
  dict.write_value(other, 6, 2.5, "gauge", "max");
  EXPECT_EQ(dict.read_value(kKey), (std::pair<double, double>(5, 1.5)));
  EXPECT_THAT(dict.read_all_values(), ElementsAre(std::tuple(kKey, 5.0, 1.5), std::tuple(other, 6.0, 2.5)));
  const auto run = [&](std::vector<std::string> command) {
    const RedisReply reply = client->command({.arguments = std::move(command), .route_key = {}});
    reply.throw_if_bad("test");
    return reply.integer;
  };
  const std::string own = bucket_of(::getpid()) + std::to_string(::getpid());
  EXPECT_EQ(run({"EXISTS", "app:counter:" + own + ":metric:" + kHash}), 1);
  for (const std::string writer : {"4242", "{b18}4242", "{b18}4274"}) {  // Python's, and ours
    for (const std::string kind : {"gauge_liveall", "gauge_livesum", "counter"}) {
      run({"HSET", "app:" + kind + ":" + writer + ":metric:00", "value", "1"});
    }
  }
  EXPECT_EQ(dict.cleanup_dead_worker(4242), 4u);
  run({"SADD", "app:weir:writers:{b18}", "{b18}4274"});
  run({"SADD", "app:weir:index:{b18}4274", "gauge_livesum:00", "counter:00"});
  EXPECT_EQ(remove_live_gauges_of_the_dead(ValueHashes(client, "app")), 1u);
  EXPECT_EQ(client->scan_keys("app:counter:*42*:metric:00").size(), 3u);
  dict.clear();
  EXPECT_TRUE(dict.empty());
}

TEST_F(RedisStorageDictTest, ThrowsWhatStandsInTheWay) {
  RedisOptions nobody;
  nobody.addresses = {{"127.0.0.1", 1, ""}};
  EXPECT_THROW(RedisStorageDict(make_redis_client(nobody), "app").at(kKey), RedisConnectionError);
}

}  // namespace
}  // namespace weir
