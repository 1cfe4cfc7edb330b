#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weir/redis_client.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

/// What making a client comes to after `change` to usable options: "made" or the message.
std::string refusal(void (*change)(RedisOptions&)) {
  RedisOptions options;
  options.addresses = {{"no-such-host.invalid", 6379, ""}};
  change(options);
  try {
    make_redis_client(options);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "made";
}

TEST(MakeRedisClient, ConnectsAtTheFirstCommandOnly) {
  EXPECT_EQ(refusal([](RedisOptions&) {}), "made");
}

TEST(MakeRedisClient, RefusesOptionsThatCannotBeUsed) {
  EXPECT_THAT(refusal([](RedisOptions& o) { o.addresses = {}; }), HasSubstr("addresses is empty"));
  EXPECT_THAT(refusal([](RedisOptions& o) { o.addresses = {{"", 6379, ""}}; }), HasSubstr("neither host nor socket"));
  EXPECT_THAT(refusal([](RedisOptions& o) { o.addresses = {{"host", 0, ""}}; }), HasSubstr("port 0"));
  EXPECT_THAT(refusal([](RedisOptions& o) {
                o.addresses = {{"a", 1, ""}, {"b", 1, ""}};
              }),
              HasSubstr("one server has one address"));
  EXPECT_THAT(refusal([](RedisOptions& o) { o.topology = RedisTopology::sentinel; }),
              HasSubstr("master_name is empty"));
  EXPECT_THAT(refusal([](RedisOptions& o) {
                o.topology = RedisTopology::cluster;
                o.db = 2;
              }),
              HasSubstr("a Cluster has database 0 alone"));
  EXPECT_THAT(refusal([](RedisOptions& o) { o.db = -1; }), HasSubstr("db -1"));
  EXPECT_THAT(refusal([](RedisOptions& o) { o.connect_timeout = milliseconds(0); }), HasSubstr("connect_timeout"));
  EXPECT_THAT(refusal([](RedisOptions& o) { o.reply_timeout = milliseconds(0); }), HasSubstr("reply_timeout"));
  EXPECT_THAT(refusal([](RedisOptions& o) { o.pool_size = 0; }), HasSubstr("pool_size"));
  EXPECT_THAT(refusal([](RedisOptions& o) { o.tls.key_file = "key.pem"; }), HasSubstr("come together"));
}

}  // namespace
}  // namespace weir
