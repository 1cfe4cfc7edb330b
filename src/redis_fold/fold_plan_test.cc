#include "redis_fold/fold_plan.h"

#include <gmock/gmock.h>

namespace weir {
namespace {

using testing::ElementsAre;

const DeadWriter kPlannedWriter{.name = "101", .token = "t", .owner = "t", .sequence = "1"};

SeenSample seen_counter(double value) { return {"counter:abc", CellPair{value, 0}, "t", "[json]", {}}; }

TEST(RedisFoldPlan, MembersAreSortedByWhatBecomesOfTheirKeys) {
  const std::vector<std::string> members{"counter:a",   "gauge_all:b", "gauge_livesum:c", "gauge_max:d",
                                         "histogram:e", "nonsense:f",  "nonsense"};
  const SortedMembers sorted = sort_members(members);
  EXPECT_THAT(sorted.folded, ElementsAre("counter:a", "gauge_max:d", "histogram:e"));
  EXPECT_THAT(sorted.kept, ElementsAre("gauge_all:b"));
  EXPECT_THAT(sorted.dropped, ElementsAre("gauge_livesum:c", "nonsense:f", "nonsense"));
}

TEST(RedisFoldPlan, AValueJoinsWhatTheRetiredHave) {
  SeenSample seen = seen_counter(2);
  seen.retired = {{true, CellPair{40, 0}}};
  const SamplePlan plan = plan_sample(seen, kPlannedWriter);
  EXPECT_EQ(plan.verdict, SamplePlan::Verdict::fold);
  EXPECT_THAT(plan.parts, ElementsAre(42));
  EXPECT_EQ(plan.tomb, 2);
}

TEST(RedisFoldPlan, ASumNoDoubleCanSayComesInParts) {
  SeenSample seen = seen_counter(0.75);
  seen.retired = {{true, CellPair{9007199254740992.0, 0}}};
  EXPECT_THAT(plan_sample(seen, kPlannedWriter).parts, ElementsAre(9007199254740992.0, 0.75));
}

TEST(RedisFoldPlan, PartsNoLongerNeededBecomeZero) {
  SeenSample seen = seen_counter(0.25);
  seen.retired = {{true, CellPair{9007199254740992.0, 0}}, {true, CellPair{0.75, 0}}};
  EXPECT_THAT(plan_sample(seen, kPlannedWriter).parts, ElementsAre(9007199254740992.0, 1));
  seen.own = CellPair{-9007199254740992.0, 0};
  EXPECT_THAT(plan_sample(seen, kPlannedWriter).parts, ElementsAre(0.75, 0));
}

TEST(RedisFoldPlan, WhatIsNotTheWritersIsLeft) {
  for (SeenSample seen : {SeenSample{"counter:abc", std::nullopt, "t", "[json]", {}},
                          SeenSample{"counter:abc", CellPair{1, 0}, "another", "[json]", {}},
                          SeenSample{"counter:abc", CellPair{1, 0}, "t", "", {}}}) {
    EXPECT_EQ(plan_sample(seen, kPlannedWriter).verdict, SamplePlan::Verdict::leave);
  }
}

TEST(RedisFoldPlan, ASealedWritersKeysHaveTheTokenItHad) {
  DeadWriter sealed = kPlannedWriter;
  sealed.token = kSealed;
  EXPECT_TRUE(sealed.is_sealed());
  EXPECT_EQ(plan_sample(seen_counter(1), sealed).verdict, SamplePlan::Verdict::fold);
}

TEST(RedisFoldPlan, ARetiredValueThatIsNoNumberIsNotWrittenOver) {
  SeenSample seen = seen_counter(1);
  seen.retired = {{true, CellPair{1, 0}}, {true, std::nullopt}};
  const SamplePlan plan = plan_sample(seen, kPlannedWriter);
  EXPECT_EQ(plan.verdict, SamplePlan::Verdict::spoiled);
  EXPECT_EQ(plan.spoiled_part, 1U);
}

TEST(RedisFoldPlan, APartTellsTheScriptWhatMovesWhatGoesAndWhatStays) {
  const RedisKeys keys("shop");
  const SortedMembers sorted{{"counter:abc"}, {"gauge_livesum:c"}, {"gauge_all:b"}};
  const PartPlan plan = plan_part(keys, kPlannedWriter, sorted, {seen_counter(2)}, 0);
  EXPECT_EQ(plan.folded, 1U);
  ASSERT_EQ(plan.call.puts.size(), 1U);
  EXPECT_EQ(plan.call.puts[0].metric, keys.metric("counter", "retired", "abc"));
  EXPECT_EQ(plan.call.puts[0].value, "2");
  EXPECT_THAT(plan.call.keeps, ElementsAre(keys.metric("gauge_all", "101", "b"), keys.meta("gauge_all", "101", "b")));
  EXPECT_THAT(plan.call.drops,
              ElementsAre(keys.metric("gauge_livesum", "101", "c"), keys.meta("gauge_livesum", "101", "c"),
                          keys.metric("counter", "101", "abc"), keys.meta("counter", "101", "abc")));
  EXPECT_THAT(plan.call.tombs, ElementsAre(testing::Pair("counter:abc", "2")));
  EXPECT_EQ(plan.call.retired.size(), 1U);
}

TEST(RedisFoldPlan, ASealedWriterHasItsTombstoneAlready) {
  DeadWriter sealed = kPlannedWriter;
  sealed.token = kSealed;
  const PartPlan plan = plan_part(RedisKeys("shop"), sealed, {{"counter:abc"}, {}, {}}, {seen_counter(2)}, 0);
  EXPECT_EQ(plan.call.token, "sealed");
  EXPECT_EQ(plan.call.tombs.size(), 0U);
}

TEST(RedisFoldPlan, ASpoiledTotalRefusesTheWholePart) {
  SeenSample spoiled = seen_counter(1);
  spoiled.retired = {{true, std::nullopt}};
  const PartPlan plan = plan_part(RedisKeys("shop"), kPlannedWriter, {{"counter:abc"}, {}, {}}, {spoiled}, 1);
  EXPECT_TRUE(plan.is_refused);
  ASSERT_EQ(plan.problems.size(), 1U);
  EXPECT_EQ(plan.problems[0].subject, "shop:counter:retired:metric:abc");
}

TEST(RedisFoldPlan, NoTombstoneForGaugesAndAfterAGoodbye) {
  SeenSample seen = seen_counter(1);
  seen.member = "gauge_max:abc";
  EXPECT_EQ(plan_sample(seen, kPlannedWriter).tomb, std::nullopt);
  DeadWriter polite = kPlannedWriter;
  polite.said_goodbye = true;
  EXPECT_EQ(plan_sample(seen_counter(1), polite).tomb, std::nullopt);
}

}  // namespace
}  // namespace weir
