#include "redis/sentinel_replies.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

RedisReply text(std::string value) {
  RedisReply reply;
  reply.kind = RedisReply::Kind::text;
  reply.text = std::move(value);
  return reply;
}

RedisReply array(std::vector<RedisReply> elements) {
  RedisReply reply;
  reply.kind = RedisReply::Kind::array;
  reply.elements = std::move(elements);
  return reply;
}

RedisReply replica(std::string port, std::string flags, std::string link) {
  return array({text("ip"), text("10.0.0.1"), text("port"), text(std::move(port)), text("flags"),
                text(std::move(flags)), text("master-link-status"), text(std::move(link))});
}

const RedisCommand kSet{{"SET", "k", "v"}, "", true, false};
const RedisCommand kOnce{{"INCR", "k"}, "", false, false};
const RedisCommand kRead{{"GET", "k"}, "", false, true};

TEST(SentinelReplies, TheMastersAddressIsReadAndNothingElse) {
  EXPECT_EQ(master_in(array({text("10.0.0.1"), text("6380")})), (RedisAddress{"10.0.0.1", 6380, ""}));
  EXPECT_FALSE(master_in(RedisReply()));
  EXPECT_FALSE(master_in(array({text("10.0.0.1"), text("0")})));
  EXPECT_FALSE(master_in(array({text("10.0.0.1"), text("65536")})));
  EXPECT_FALSE(master_in(array({text(""), text("6380")})));
  EXPECT_FALSE(master_in(array({text("10.0.0.1")})));
  EXPECT_FALSE(master_in(RedisReply::make_error("NOAUTH Authentication required.")));
}

TEST(SentinelReplies, ReplicasThatAreDownOrBehindAreNotUsed) {
  const RedisReply reply = array({replica("3", "slave", "ok"), replica("1", "slave", "ok"),
                                  replica("4", "s_down,slave", "ok"), replica("5", "slave,disconnected", "ok"),
                                  replica("6", "slave", "err"), text("?"), replica("0", "slave", "ok")});
  EXPECT_EQ(replicas_in(reply), (std::vector<RedisAddress>{{"10.0.0.1", 1, ""}, {"10.0.0.1", 3, ""}}));
  EXPECT_TRUE(replicas_in(RedisReply()).empty());
}

TEST(SentinelReplies, ARoleSaysMasterOrMayNotBeAsked) {
  EXPECT_TRUE(is_master(array({text("master")})));
  EXPECT_TRUE(is_master(RedisReply::make_error("NOPERM no permissions to run the 'role' command")));
  EXPECT_FALSE(is_master(array({text("slave")})));
  EXPECT_FALSE(is_master(array({})));
  EXPECT_FALSE(is_master(RedisReply::make_error("ERR unknown command")));
}

TEST(SentinelReplies, WhatWasRefusedUnexecutedIsSentAgainEvenIfItMayRunOnceOnly) {
  for (const char* words : {"READONLY You can't write", "LOADING Redis is loading", "MASTERDOWN Link with MASTER"}) {
    EXPECT_TRUE(is_sent_again(kOnce, RedisReply::make_error(words))) << words;
    EXPECT_TRUE(casts_doubt(RedisReply::make_error(words))) << words;
  }
  EXPECT_FALSE(is_sent_again(kSet, RedisReply::make_error("OOM command not allowed")));
  EXPECT_FALSE(casts_doubt(RedisReply::make_error("WRONGTYPE Operation")));
}

TEST(SentinelReplies, WhatGotNoAnswerIsSentAgainOnlyIfThatIsHarmless) {
  for (const auto failure : {RedisReply::Failure::connection, RedisReply::Failure::timeout}) {
    const RedisReply reply = RedisReply::make_failure(failure, "gone");
    EXPECT_TRUE(is_sent_again(kSet, reply));
    EXPECT_TRUE(is_sent_again(kRead, reply));
    EXPECT_FALSE(is_sent_again(kOnce, reply));
    EXPECT_TRUE(casts_doubt(reply));
  }
}

TEST(SentinelReplies, AWrongPasswordAndNonsenseAreFinal) {
  for (const auto failure : {RedisReply::Failure::authentication, RedisReply::Failure::protocol}) {
    EXPECT_FALSE(is_sent_again(kSet, RedisReply::make_failure(failure, "no")));
    EXPECT_FALSE(casts_doubt(RedisReply::make_failure(failure, "no")));
  }
}

TEST(SentinelReplies, TooFewReplicasCastDoubtButTheReplyStands) {
  const RedisReply reply = RedisReply::make_error("NOREPLICAS Not enough good replicas to write.");
  EXPECT_TRUE(casts_doubt(reply));
  EXPECT_FALSE(is_sent_again(kSet, reply));
}

}  // namespace
}  // namespace weir
