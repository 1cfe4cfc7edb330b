// What `weir check --redis` finds, on real servers that are wrong in one place.
#include "redis_collect/inspect_redis.h"

#include <gtest/gtest.h>

#include "redis_collect/redis_reading_for_test.h"
#include "weir/redis_error.h"

namespace weir {
namespace {

using for_test::RedisServer;
using for_test::ServerWithKeys;

class InspectRedis : public ::testing::Test {
 protected:
  RedisInspection inspect() { return inspect_redis(*redis.client(), {}); }
  std::vector<std::string> reasons() {
    std::vector<std::string> met;
    for (const Problem& fault : inspect().faults) met.push_back(fault.reason);
    return met;
  }
  /// Two processes of ours that live, and one of Python's.
  void fill() {
    for (const char* writer : {"1", "2"}) {
      redis.claim(writer);
      redis.put_ours("counter", writer, requests, "3.0");
      redis.put_ours("gauge_all", writer, ServerWithKeys::key_of("depth", "depth"), "3.0");
    }
    redis.put("counter", "3", requests, "4.0");
  }
  ServerWithKeys redis;
  const std::string requests = ServerWithKeys::key_of("requests", "requests_total");
};

using Reasons = std::vector<std::string>;

TEST_F(InspectRedis, AGoodServerHasNoFaults) {
  fill();
  const RedisInspection found = inspect();
  EXPECT_EQ(found.faults.size(), 0U);
  ASSERT_EQ(found.servers.size(), 1U);
  EXPECT_EQ(found.servers[0].role, "master");
  EXPECT_GT(found.servers[0].used_memory, 0);
  EXPECT_EQ(found.live, 2U);
  EXPECT_EQ(found.live_with_epoch, 2U);
  EXPECT_EQ(found.keys_by_kind, (std::map<std::string, std::size_t>{{"counter", 3}, {"gauge_all", 2}}));
  EXPECT_GT(found.ping_median, 0);
  EXPECT_LT(std::abs(found.clock_ahead), 1);
  EXPECT_EQ(found.user, "default");
}

TEST_F(InspectRedis, AnEmptyServerHasNoFaults) { EXPECT_EQ(reasons(), Reasons{}); }

TEST_F(InspectRedis, AnEvictionPolicyIsAFaultWithALimitAlone) {
  redis.run({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"});
  EXPECT_EQ(reasons(), Reasons{});
  redis.run({"CONFIG", "SET", "maxmemory", "500mb"});
  EXPECT_EQ(reasons(), Reasons{"eviction"});
  redis.run({"CONFIG", "SET", "maxmemory-policy", "volatile-ttl"});
  EXPECT_EQ(reasons(), Reasons{"eviction"});
}

TEST_F(InspectRedis, AFullServerIsAFault) {
  redis.run({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
  redis.run({"CONFIG", "SET", "maxmemory", "1"});
  EXPECT_EQ(reasons(), Reasons{"out_of_memory"});
}

TEST_F(InspectRedis, KeysThatWereDeletedAreFaults) {
  fill();
  redis.run({"DEL", redis.keys().index("1")});
  EXPECT_EQ(reasons(), Reasons{"no_index"});
  redis.run({"DEL", redis.keys().claim("1")});
  EXPECT_EQ(reasons(), Reasons{"no_claim"});
  redis.run({"SREM", redis.keys().writers(""), "1", "2"});
  EXPECT_EQ(reasons(), Reasons{"lost_claim"});
}

TEST_F(InspectRedis, AnEpochThatIsGoneOrAnotherIsAFault) {
  fill();
  redis.run({"SET", redis.keys().epoch(""), "fedcba9876543210"});
  EXPECT_EQ(reasons(), (Reasons{"other_epoch", "other_epoch"}));
  EXPECT_EQ(inspect().live_with_epoch, 0U);
  redis.run({"DEL", redis.keys().epoch("")});
  EXPECT_EQ(reasons(), (Reasons{"no_epoch", "no_epoch"}));
}

TEST_F(InspectRedis, WhatAUserMayNotDoIsTold) {
  redis.run({"ACL", "SETUSER", "reader", "on", "nopass", "~*", "+@read", "+@connection", "+info", "+acl"});
  redis.run({"ACL", "SETUSER", "blind", "on", "nopass", "~*", "+@all", "-hmget"});
  redis.run({"ACL", "SETUSER", "silent", "on", "nopass", "~*", "+@all", "-acl"});
  const auto as = [this](const char* user) {
    RedisOptions options = redis.server().options();
    options.username = user;
    options.password = Secret("any");
    return inspect_redis(*make_redis_client(options), {});
  };
  const RedisInspection reader = as("reader");
  ASSERT_TRUE(reader.knows_rights) << "ACL DRYRUN came with Redis 7.0, Debian 12's";
  EXPECT_EQ(reader.faults.size(), 0U);
  EXPECT_FALSE(reader.rights_missing_for_writing.empty());
  EXPECT_EQ(as("blind").rights_missing_for_reading, std::vector<std::string>{"HMGET"});
  EXPECT_FALSE(as("silent").knows_rights);
}

TEST_F(InspectRedis, WhatFoldingLacksIsToldWithItsPurpose) {
  redis.run({"ACL", "SETUSER", "counts", "on", "nopass", "~*", "+@all", "-incr", "-rename"});
  RedisOptions options = redis.server().options();
  options.username = "counts";
  options.password = Secret("any");
  const RedisInspection found = inspect_redis(*make_redis_client(options), {});
  ASSERT_TRUE(found.knows_rights) << "ACL DRYRUN came with Redis 7.0, Debian 12's";
  const std::vector<std::string> lacks{"INCR (telling readers that values moved)",
                                       "RENAME (putting a large process's tombstone in its place)"};
  EXPECT_EQ(found.rights_missing_for_folding, lacks);
  EXPECT_EQ(found.rights_missing_for_writing, std::vector<std::string>{});
  EXPECT_EQ(found.faults.size(), 0U);
}

TEST_F(InspectRedis, BothLayoutsAreFound) {
  redis.run({"HSET", "weir.metadata", "jobs", "{}"});
  redis.run({"HSET", "gunicorn-weir.metadata", "jobs", "{}"});
  EXPECT_EQ(inspect().shared_metrics, 2U);
}

TEST(InspectRedisThatIsNotThere, IsThrown) {
  RedisOptions options;
  options.addresses = {{"", 0, "/nonexistent/socket"}};
  EXPECT_THROW(inspect_redis(*make_redis_client(options), {}), RedisConnectionError);
}

}  // namespace
}  // namespace weir
