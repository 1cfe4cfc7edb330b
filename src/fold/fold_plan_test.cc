#include "fold/fold_plan.h"

#include <gmock/gmock.h>

namespace weir {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

DeadFile dead_file(const std::string& name, WriterKind written_by = WriterKind::weir) {
  return {{"/metrics/" + name, *parse_file_name(name)}, written_by};
}

std::vector<std::string> planned_names(const std::vector<DeadFile>& files) {
  std::vector<std::string> names;
  for (const DeadFile& file : files) names.push_back(name_of(file.file));
  return names;
}

std::vector<std::string> planned_names(const std::vector<MergeFile>& files) {
  std::vector<std::string> names;
  for (const MergeFile& file : files) names.push_back(name_of(file));
  return names;
}

TEST(FoldPlan, FilesAreFoldedByKindAndGaugesOfProcessesGoTheirOwnWay) {
  FoundFiles found;
  found.dead = {dead_file("gauge_all_1.db"), dead_file("counter_1-a.db"), dead_file("gauge_livesum_1.db"),
                dead_file("gauge_max_1-a.db"), dead_file("counter_2-b.db")};
  const FoldPlan plan = plan_fold(found, {});
  ASSERT_EQ(plan.kinds.size(), 2U);
  EXPECT_THAT(planned_names(plan.kinds[0].files), ElementsAre("counter_1-a.db", "counter_2-b.db"));
  EXPECT_THAT(planned_names(plan.kinds[1].files), ElementsAre("gauge_max_1-a.db"));
  EXPECT_THAT(planned_names(plan.ended_gauges), ElementsAre("gauge_livesum_1.db"));
  EXPECT_THAT(planned_names(plan.all_gauges), ElementsAre("gauge_all_1.db"));
}

TEST(FoldPlan, GaugesOfOtherClientsProcessesStay) {
  FoundFiles found;
  found.dead = {dead_file("gauge_all_1.db", WriterKind::stock), dead_file("gauge_livesum_1.db", WriterKind::stock)};
  const FoldPlan plan = plan_fold(found, {.stock_files = true});
  EXPECT_THAT(plan.ended_gauges, IsEmpty());
  EXPECT_THAT(plan.all_gauges, IsEmpty());
}

TEST(FoldPlan, NothingIsDoneWhereOtherClientsWriteUnlessAskedFor) {
  FoundFiles found;
  found.dead = {dead_file("counter_1-a.db"), dead_file("gauge_livesum_1.db")};
  found.others = 1;
  const FoldPlan plan = plan_fold(found, {.only_among_weir = true});
  EXPECT_THAT(plan.kinds, IsEmpty());
  EXPECT_THAT(plan.ended_gauges, IsEmpty());
  EXPECT_EQ(plan.left, 2U);
  EXPECT_EQ(plan_fold(found, {}).kinds.size(), 1U);
}

TEST(FoldPlan, WhatTheArchiveHoldsIsOnlyRemoved) {
  const std::vector<std::string> folded_before{"counter_1-a.db"};
  const KindPlan plan = plan_kind({dead_file("counter_1-a.db"), dead_file("counter_2-b.db")}, folded_before, 1);
  EXPECT_THAT(planned_names(plan.leftovers), ElementsAre("counter_1-a.db"));
  EXPECT_THAT(planned_names(plan.sources), ElementsAre("counter_2-b.db"));
}

TEST(FoldPlan, TooFewSourcesWaitAndLeftoversDoNot) {
  const std::vector<std::string> folded_before{"counter_1-a.db"};
  const KindPlan plan = plan_kind({dead_file("counter_1-a.db"), dead_file("counter_2-b.db")}, folded_before, 2);
  EXPECT_THAT(plan.sources, IsEmpty());
  EXPECT_EQ(plan.left, 1U);
  EXPECT_EQ(plan.leftovers.size(), 1U);
}

TEST(FoldPlan, AnArchiveNamesWhatIsFoldedNowAndWhatStillStandsThere) {
  const std::vector<std::string> folded_before{"counter_3-c.db", "counter_4-d.db"};
  const std::vector<MergeFile> now{dead_file("counter_2-b.db").file};
  EXPECT_THAT(names_of_archive(folded_before, now, [](const std::string& name) { return name == "counter_3-c.db"; }),
              ElementsAre("counter_2-b.db", "counter_3-c.db"));
}

TEST(FoldPlan, GaugesOfAllGoAfterTheirTime) {
  const std::chrono::system_clock::time_point dead{seconds(1000)};
  EXPECT_EQ(plan_all_gauge(dead, dead + seconds(60), seconds(60)), AllGauge::stays);
  EXPECT_EQ(plan_all_gauge(dead, dead + seconds(61), seconds(60)), AllGauge::goes);
}

TEST(FoldPlan, GaugesOfAllStayForEverWhereAskedForOrTheirTimeIsUnknown) {
  const std::chrono::system_clock::time_point dead{seconds(1000)};
  EXPECT_EQ(plan_all_gauge(dead, dead + seconds(1'000'000), seconds(0)), AllGauge::stays);
  EXPECT_EQ(plan_all_gauge(std::nullopt, dead, seconds(60)), AllGauge::stays);
}

TEST(FoldPlan, AClockThatWasSetBackMakesGaugesOfAllWaitAnew) {
  const std::chrono::system_clock::time_point dead{seconds(1'000'000)};
  EXPECT_EQ(plan_all_gauge(dead, dead - seconds(3600), seconds(60)), AllGauge::waits_anew);
  EXPECT_EQ(plan_all_gauge(dead, dead - seconds(1), seconds(60)), AllGauge::stays);  // two clocks' difference
}

TEST(FoldPlan, AWriterIsGoneWithItsLastFile) {
  const std::vector<MergeFile> listed{dead_file("counter_1-a.db").file, dead_file("counter_2-b.db").file,
                                      dead_file("gauge_max_2-b.db").file};
  EXPECT_THAT(writers_gone(listed, [](const std::string& path) { return path == "/metrics/gauge_max_2-b.db"; }),
              ElementsAre("1-a"));
}

}  // namespace
}  // namespace weir
