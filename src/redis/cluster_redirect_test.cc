#include "redis/cluster_redirect.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Step = Verdict::Step;
using Failure = RedisReply::Failure;

const RedisAddress kAskedNode{"10.0.0.1", 7000, ""};
const RedisCommand kIncrement{{"INCR", "key"}, "", false};
const RedisCommand kGet{{"GET", "key"}, "", true};

Verdict judge_error(const std::string& error) { return judge(RedisReply::make_error(error), kIncrement, kAskedNode); }

TEST(ClusterRedirect, MovedNamesTheNodeAndTheSlotAndMakesTheMapOld) {
  const Verdict verdict = judge_error("MOVED 3999 10.0.0.5:6381");
  EXPECT_EQ(verdict.step, Step::moved);
  EXPECT_EQ(verdict.slot, 3999);
  EXPECT_EQ(verdict.to, (RedisAddress{"10.0.0.5", 6381, ""}));
  EXPECT_TRUE(verdict.map_is_old);
}

TEST(ClusterRedirect, AskLeavesTheMapAlone) {
  const Verdict verdict = judge_error("ASK 3999 redis-2.example.com:6381");
  EXPECT_EQ(verdict.step, Step::ask);
  EXPECT_EQ(verdict.to, (RedisAddress{"redis-2.example.com", 6381, ""}));
  EXPECT_FALSE(verdict.map_is_old);
}

TEST(ClusterRedirect, PortFollowsTheLastColon) {
  EXPECT_EQ(judge_error("MOVED 1 2001:db8::1:6381").to, (RedisAddress{"2001:db8::1", 6381, ""}));
}

TEST(ClusterRedirect, HostUnknownIsTheHostAsked) {
  EXPECT_EQ(judge_error("MOVED 1 :6381").to, (RedisAddress{"10.0.0.1", 6381, ""}));
  EXPECT_EQ(judge_error("ASK 1 ?:6381").to, (RedisAddress{"10.0.0.1", 6381, ""}));
}

TEST(ClusterRedirect, RedirectionThatCannotBeReadStands) {
  for (const char* error :
       {"MOVED", "MOVED ", "MOVED 1", "MOVED 1 ", "MOVED 1 host", "MOVED 1 host:", "MOVED 1 host:0",
        "MOVED 1 host:65536", "MOVED 16384 host:1", "MOVED -1 host:1", "MOVED x host:1", "MOVED 1 host:1x", "ASK"}) {
    EXPECT_EQ(judge_error(error).step, Step::keep) << error;
  }
}

TEST(ClusterRedirect, WhatWasPutOffWaitsEvenIfNotRepeatable) {
  EXPECT_EQ(judge_error("TRYAGAIN Multiple keys request during rehashing of slot").step, Step::wait);
  EXPECT_EQ(judge_error("LOADING Redis is loading the dataset in memory").step, Step::wait);
  EXPECT_FALSE(judge_error("TRYAGAIN").map_is_old);
  EXPECT_EQ(judge_error("CLUSTERDOWN Hash slot not served").step, Step::wait);
  EXPECT_TRUE(judge_error("CLUSTERDOWN Hash slot not served").map_is_old);
}

TEST(ClusterRedirect, OtherRepliesStand) {
  EXPECT_EQ(judge_error("NOSCRIPT No matching script").step, Step::keep);
  EXPECT_EQ(judge_error("WRONGTYPE Operation").step, Step::keep);
  EXPECT_EQ(judge_error("MOVEDX 1 host:1").step, Step::keep);
  RedisReply text;
  text.kind = RedisReply::Kind::text;
  text.text = "MOVED 1 host:1";
  EXPECT_EQ(judge(text, kIncrement, kAskedNode).step, Step::keep);
}

TEST(ClusterRedirect, LostCommandsAreSentAgainOnlyIfRepeatable) {
  for (const Failure failure : {Failure::connection, Failure::timeout}) {
    const RedisReply reply = RedisReply::make_failure(failure, "reset");
    EXPECT_EQ(judge(reply, kIncrement, kAskedNode).step, Step::keep);
    EXPECT_EQ(judge(reply, kGet, kAskedNode).step, Step::wait);
    EXPECT_TRUE(judge(reply, kIncrement, kAskedNode).map_is_old);
  }
  for (const Failure failure : {Failure::authentication, Failure::protocol}) {
    EXPECT_EQ(judge(RedisReply::make_failure(failure, "no"), kGet, kAskedNode).step, Step::keep);
  }
}

TEST(RedirectBudget, FollowsFirstRedirectionsAtOnceThenPauses) {
  const RedirectBudget::Time start{};
  RedirectBudget budget(start, seconds(5));
  for (int i = 0; i < RedirectBudget::kWithoutPause; ++i)
    EXPECT_EQ(budget.next(false, start + seconds(9)), milliseconds(0));
  EXPECT_EQ(budget.next(false, start), RedirectBudget::kFirstPause);
}

TEST(RedirectBudget, PausesGrowAndEndWithTheTime) {
  RedirectBudget::Time now{};
  RedirectBudget budget(now, seconds(5));
  milliseconds last{0};
  milliseconds sum{0};
  while (const auto pause = budget.next(true, now)) {
    EXPECT_GE(*pause, last);
    last = *pause;
    sum += *pause;
    now += *pause;
  }
  EXPECT_EQ(last, RedirectBudget::kLongestPause);
  EXPECT_LE(sum, seconds(5));
  EXPECT_GT(sum, seconds(4));
}

TEST(RedirectBudget, RoundsAreBoundedHoweverLongTheTime) {
  RedirectBudget budget({}, std::chrono::hours(1));
  int rounds = 0;
  while (budget.next(false, {}) && rounds < 10000) ++rounds;
  EXPECT_EQ(rounds, RedirectBudget::kMaxRounds - 1);
}

}  // namespace
}  // namespace weir
