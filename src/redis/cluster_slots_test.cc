#include "redis/cluster_slots.h"

#include <gtest/gtest.h>

#include "weir/redis_error.h"

namespace weir {
namespace {

using Kind = RedisReply::Kind;

RedisReply integer(std::int64_t value) {
  RedisReply reply;
  reply.kind = Kind::integer;
  reply.integer = value;
  return reply;
}

RedisReply text(std::string value) {
  RedisReply reply;
  reply.kind = Kind::text;
  reply.text = std::move(value);
  return reply;
}

RedisReply array(std::vector<RedisReply> elements) {
  RedisReply reply;
  reply.kind = Kind::array;
  reply.elements = std::move(elements);
  return reply;
}

RedisReply node(std::string host, std::int64_t port) {
  return array({text(std::move(host)), integer(port), text("id")});
}

const RedisAddress kAsked{"redis.example.com", 7000, ""};

// Slots as redis-server 7.0.15 answers CLUSTER KEYSLOT.
TEST(KeySlot, IsCrc16OfTheKey) {
  EXPECT_EQ(key_slot(""), 0);
  EXPECT_EQ(key_slot("123456789"), 0x31c3);  // the check value of CRC16/XMODEM
  EXPECT_EQ(key_slot("foo"), 12182);
  EXPECT_EQ(key_slot("\xff\x80 key"), 12762);
}

TEST(KeySlot, IsOfTheHashTagAlone) {
  EXPECT_EQ(key_slot("gunicorn:counter:{b07}4242:metric:1"), key_slot("b07"));
  EXPECT_EQ(key_slot("{foo}{bar}"), key_slot("foo"));
  EXPECT_EQ(key_slot("a{{foo}}b"), key_slot("{foo"));
}

TEST(KeySlot, IsOfTheWholeKeyWhenTheTagIsEmptyOrOpen) {
  EXPECT_EQ(key_slot("foo{}{bar}"), 8363);
  EXPECT_EQ(key_slot("foo{bar"), 15278);
  EXPECT_NE(key_slot("}foo{"), key_slot("foo"));
}

TEST(SlotMap, KnowsMasterAndReplicasOfEachSlot) {
  const SlotMap map = SlotMap::parse(array({array({integer(0), integer(99), node("10.0.0.1", 1), node("10.0.0.3", 3)}),
                                            array({integer(100), integer(16383), node("10.0.0.2", 2)})}),
                                     kAsked);
  EXPECT_EQ(map.shard_of(99)->master, (RedisAddress{"10.0.0.1", 1, ""}));
  EXPECT_EQ(map.shard_of(0)->replicas, (std::vector<RedisAddress>{{"10.0.0.3", 3, ""}}));
  EXPECT_EQ(map.shard_of(100)->master, (RedisAddress{"10.0.0.2", 2, ""}));
  EXPECT_EQ(map.shard_of(16383)->master.port, 2);
  EXPECT_EQ(map.shard_of(16384), nullptr);
  EXPECT_EQ(map.masters().size(), 2U);
}

TEST(SlotMap, TakesTheHostAskedForOneThatIsEmptyUnknownOrNil) {
  RedisReply nil;
  for (const RedisReply& host : {text(""), text("?"), nil}) {
    const SlotMap map =
        SlotMap::parse(array({array({integer(5), integer(5), array({host, integer(7001), text("id")})})}), kAsked);
    EXPECT_EQ(map.shard_of(5)->master, (RedisAddress{"redis.example.com", 7001, ""}));
    EXPECT_EQ(map.shard_of(4), nullptr);
  }
}

TEST(SlotMap, RefusesWhatIsNoReplyOfClusterSlots) {
  const auto parse = [](RedisReply reply) { return SlotMap::parse(reply, kAsked); };
  EXPECT_THROW(parse(integer(1)), RedisProtocolError);
  EXPECT_THROW(parse(array({integer(1)})), RedisProtocolError);
  EXPECT_THROW(parse(array({array({integer(0), integer(1)})})), RedisProtocolError);
  EXPECT_THROW(parse(array({array({integer(0), integer(16384), node("h", 1)})})), RedisProtocolError);
  EXPECT_THROW(parse(array({array({integer(-1), integer(3), node("h", 1)})})), RedisProtocolError);
  EXPECT_THROW(parse(array({array({integer(9), integer(3), node("h", 1)})})), RedisProtocolError);
  EXPECT_THROW(parse(array({array({integer(0), integer(3), node("h", 65536)})})), RedisProtocolError);
  EXPECT_THROW(parse(array({array({integer(0), integer(3), node("h", 0)})})), RedisProtocolError);
  EXPECT_THROW(parse(array({array({integer(0), integer(3), text("h")})})), RedisProtocolError);
  EXPECT_TRUE(parse(array({})).empty());
}

TEST(SlotMap, FollowsAMovedSlotAndSaysWhetherAnythingChanged) {
  SlotMap map = SlotMap::parse(array({array({integer(0), integer(16383), node("h", 1)})}), kAsked);
  const SlotMap before = map;
  EXPECT_FALSE(map.assign(7, {"h", 1, ""}));
  EXPECT_TRUE(map.has_same_masters(before));
  EXPECT_TRUE(map.assign(7, {"h", 2, ""}));
  EXPECT_FALSE(map.assign(16384, {"h", 2, ""}));
  EXPECT_EQ(map.shard_of(7)->master.port, 2);
  EXPECT_EQ(map.shard_of(8)->master.port, 1);
  EXPECT_FALSE(map.has_same_masters(before));
  EXPECT_EQ(before.shard_of(7)->master.port, 1);
}

}  // namespace
}  // namespace weir
