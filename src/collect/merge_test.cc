// merge() and the ten gauge modes: what several processes' cells become.
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "collect/db_file_for_test.h"
#include "collect/directory_files.h"

namespace weir {
namespace {

using for_test::DbBytes;
using for_test::key;
using for_test::lines;
using for_test::reasons;
using for_test::TemporaryDirectory;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::vector<std::string> collected(const TemporaryDirectory& directory, std::vector<Problem>* problems = nullptr) {
  MultiProcessCollector collector{directory.path()};
  const auto collection = collector.collect();
  if (problems != nullptr) {
    *problems = collection->problems;
  } else {
    EXPECT_THAT(reasons(collection->problems), IsEmpty());
  }
  return lines(*collection);
}

/// Two processes set one gauge: 42 to `a` at time 100, 43 to `b` at time `b_time`.
std::vector<std::string> two_gauges(std::string_view mode, double a, double b, double b_time = 200) {
  const TemporaryDirectory directory;
  directory.write("gauge_" + std::string{mode} + "_42.db", DbBytes{}.entry(key("g", "g"), a, 100));
  directory.write("gauge_" + std::string{mode} + "_43.db", DbBytes{}.entry(key("g", "g"), b, b_time));
  return collected(directory);
}

TEST(Merge, CountersAddUp) {
  const TemporaryDirectory directory;
  directory.write("counter_1.db", DbBytes{}.entry(key("c", "c_total"), 2));
  directory.write("counter_2-18f3.db", DbBytes{}.entry(key("c", "c_total"), 40));
  EXPECT_THAT(collected(directory), ElementsAre("c_total 42"));
}

TEST(Merge, SlotsOfOneFileAddUp) {
  const TemporaryDirectory directory;
  directory.write("counter_1.db", DbBytes{}.entry(key("c", "c_total"), 2).entry(key("c", "c_total") + "     ", 3));
  EXPECT_THAT(collected(directory), ElementsAre("c_total 5"));
}

TEST(Merge, GaugesOfModeAllKeepASeriesAProcess) {
  EXPECT_THAT(two_gauges("all", 1, 2), ElementsAre("g{pid=\"42\"} 1", "g{pid=\"43\"} 2"));
  EXPECT_THAT(two_gauges("liveall", 1, 2), ElementsAre("g{pid=\"42\"} 1", "g{pid=\"43\"} 2"));
}

TEST(Merge, GaugesTakeTheSmallest) {
  EXPECT_THAT(two_gauges("min", 1, 2), ElementsAre("g 1"));
  EXPECT_THAT(two_gauges("livemin", 2, -1), ElementsAre("g -1"));
}

TEST(Merge, GaugesTakeTheLargest) {
  EXPECT_THAT(two_gauges("max", 1, 2), ElementsAre("g 2"));
  EXPECT_THAT(two_gauges("livemax", -2, -1), ElementsAre("g -1"));
}

TEST(Merge, GaugesAddUp) {
  EXPECT_THAT(two_gauges("sum", 1, 2), ElementsAre("g 3"));
  EXPECT_THAT(two_gauges("livesum", 2, -1), ElementsAre("g 1"));
}

TEST(Merge, TheNewestGaugeWins) {
  EXPECT_THAT(two_gauges("mostrecent", 1, 2, 200), ElementsAre("g 2"));
  EXPECT_THAT(two_gauges("livemostrecent", 1, 2, 50), ElementsAre("g 1"));
}

TEST(Merge, OfEquallyNewGaugesTheLargerWins) {
  EXPECT_THAT(two_gauges("mostrecent", 7, 2, 100), ElementsAre("g 7"));
  EXPECT_THAT(two_gauges("mostrecent", 2, 7, 100), ElementsAre("g 7"));
}

TEST(Merge, NanLosesToAnyNumberInMinAndMaxWhateverTheOrder) {
  EXPECT_THAT(two_gauges("min", kNaN, 2), ElementsAre("g 2"));
  EXPECT_THAT(two_gauges("min", 2, kNaN), ElementsAre("g 2"));
  EXPECT_THAT(two_gauges("max", kNaN, -2), ElementsAre("g -2"));
  EXPECT_THAT(two_gauges("max", kNaN, kNaN), ElementsAre("g nan"));
}

TEST(Merge, LiveAndPlainFormsOfAModeAreOneFamily) {
  const TemporaryDirectory directory;
  directory.write("gauge_all_1.db", DbBytes{}.entry(key("g", "g"), 1));
  directory.write("gauge_liveall_2.db", DbBytes{}.entry(key("g", "g"), 2));
  EXPECT_THAT(collected(directory), ElementsAre("g{pid=\"1\"} 1", "g{pid=\"2\"} 2"));
}

TEST(Merge, CustomIdentitiesBecomeThePidLabel) {
  const TemporaryDirectory directory;
  directory.write("gauge_all_worker_1.db", DbBytes{}.entry(key("g", "g", R"("z": "1")"), 1));
  EXPECT_THAT(collected(directory), ElementsAre("g{pid=\"worker_1\",z=\"1\"} 1"));
}

TEST(Merge, AnOwnPidLabelGivesWayToTheProcess) {
  const TemporaryDirectory directory;
  directory.write("gauge_all_7.db", DbBytes{}.entry(key("g", "g", R"("pid": "mine")"), 1));
  EXPECT_THAT(collected(directory), ElementsAre("g{pid=\"7\"} 1"));
}

DbBytes histogram(double one, double five, double infinite, double sum) {
  return std::move(DbBytes{}
                       .entry(key("h", "h_sum", R"("r": "a")"), sum)
                       .entry(key("h", "h_bucket", R"("le": "+Inf", "r": "a")"), infinite)
                       .entry(key("h", "h_bucket", R"("le": "10.0", "r": "a")"), five)
                       .entry(key("h", "h_bucket", R"("le": "2.5", "r": "a")"), one));
}

TEST(Merge, HistogramBucketsAreCumulatedInOrderOfTheirBounds) {
  const TemporaryDirectory directory;
  directory.write("histogram_1.db", histogram(1, 2, 3, 100));
  directory.write("histogram_2.db", histogram(10, 20, 30, 1000));
  EXPECT_THAT(collected(directory),
              ElementsAre("h_bucket{le=\"2.5\",r=\"a\"} 11", "h_bucket{le=\"10.0\",r=\"a\"} 33",
                          "h_bucket{le=\"+Inf\",r=\"a\"} 66", "h_count{r=\"a\"} 66", "h_sum{r=\"a\"} 1100"));
}

TEST(Merge, WithoutAccumulateBucketsStandAsStored) {
  const TemporaryDirectory directory;
  const std::vector<std::filesystem::path> files{directory.write("histogram_1.db", histogram(1, 2, 3, 100)),
                                                 directory.write("histogram_2.db", histogram(10, 20, 30, 1000))};
  const std::vector<MetricFamily> families = merge(files, false);
  ASSERT_EQ(families.size(), 1U);
  std::vector<std::string> samples;
  for (const Sample& sample : families[0].samples) samples.push_back(sample.name + " " + std::to_string(sample.value));
  EXPECT_THAT(samples,
              ElementsAre("h_bucket 11.000000", "h_bucket 22.000000", "h_bucket 33.000000", "h_sum 1100.000000"));
}

TEST(Merge, OneBoundIsOneBucketHoweverItIsSpelled) {
  const TemporaryDirectory directory;
  directory.write("histogram_1.db", DbBytes{}.entry(key("h", "h_bucket", R"("le": "1")"), 1));
  directory.write("histogram_2.db", DbBytes{}.entry(key("h", "h_bucket", R"("le": "1.0")"), 2));
  EXPECT_THAT(collected(directory), ElementsAre("h_bucket{le=\"1.0\"} 3", "h_count 3"));
}

TEST(Merge, LabelSetsOfOneHistogramStayTogether) {
  const TemporaryDirectory directory;
  directory.write("histogram_1.db", DbBytes{}
                                        .entry(key("h", "h_bucket", R"("a": "2", "le": "+Inf")"), 5)
                                        .entry(key("h", "h_bucket", R"("a": "1", "le": "+Inf")"), 1)
                                        .entry(key("h", "h_sum", R"("a": "1")"), 2)
                                        .entry(key("h", "h_sum", R"("a": "2")"), 3));
  EXPECT_THAT(collected(directory),
              ElementsAre("h_bucket{a=\"1\",le=\"+Inf\"} 1", "h_count{a=\"1\"} 1", "h_sum{a=\"1\"} 2",
                          "h_bucket{a=\"2\",le=\"+Inf\"} 5", "h_count{a=\"2\"} 5", "h_sum{a=\"2\"} 3"));
}

TEST(Merge, SummariesAddUpLabelSetByLabelSet) {
  const TemporaryDirectory directory;
  for (const char* file : {"summary_1.db", "summary_2.db"}) {
    directory.write(file, DbBytes{}
                              .entry(key("s", "s_sum", R"("a": "2")"), 1.5)
                              .entry(key("s", "s_count", R"("a": "2")"), 2)
                              .entry(key("s", "s_count", R"("a": "1")"), 3));
  }
  EXPECT_THAT(collected(directory), ElementsAre("s_count{a=\"1\"} 6", "s_count{a=\"2\"} 4", "s_sum{a=\"2\"} 3"));
}

TEST(Merge, LabelOrderAndJsonSpellingMakeNoNewSeries) {
  const TemporaryDirectory directory;
  directory.write("counter_1.db", DbBytes{}.entry(key("c", "c_total", R"("a": "1", "b": "2")"), 1));
  directory.write("counter_2.db", DbBytes{}.entry(R"(["c","c_total",{"b":"2","a":"\u0031"},"h"])", 2));
  EXPECT_THAT(collected(directory), ElementsAre("c_total{a=\"1\",b=\"2\"} 3"));
}

TEST(Merge, ACounterNamedWithItsTotalIsTheSameFamily) {
  const TemporaryDirectory directory;
  directory.write("counter_1.db", DbBytes{}.entry(key("c", "c_total"), 1));
  directory.write("counter_2.db", DbBytes{}.entry(key("c_total", "c_total"), 2));
  EXPECT_THAT(collected(directory), ElementsAre("c_total 3"));
}

TEST(Merge, BothLayoutsMixInOneDirectory) {
  const TemporaryDirectory directory;
  directory.write("counter_1.db",
                  DbBytes{RecordLayout::value_only}.entry(key("c", "c_total"), 1).entry(key("d", "d_total"), 5));
  directory.write("counter_2.db", DbBytes{}.entry(key("c", "c_total"), 2, 99).entry(key("d", "d_total"), 6, 99));
  EXPECT_THAT(collected(directory), ElementsAre("c_total 3", "d_total 11"));
}

TEST(Merge, OfSeveralHelpTextsTheFirstInOrderIsShownUntilItsProcessIsGone) {
  const TemporaryDirectory directory;
  directory.write("counter_1.db", DbBytes{}.entry(key("c", "c_total", "", "beta"), 1));
  directory.write("counter_2.db", DbBytes{}.entry(key("c", "c_total", "", "alpha"), 2));
  MultiProcessCollector collector{directory.path()};
  EXPECT_EQ(collector.collect()->snapshot.table->families()[0].head.help, "alpha");
  std::filesystem::remove(directory.path() / "counter_2.db");
  EXPECT_EQ(collector.collect()->snapshot.table->families()[0].head.help, "beta");
}

TEST(Merge, OneNameOfTwoTypesIsShownTwiceAndNamed) {
  const TemporaryDirectory directory;
  directory.write("counter_1.db", DbBytes{}.entry(key("jobs", "jobs_total", R"("q": "a")"), 1));
  directory.write("gauge_max_2.db", DbBytes{}.entry(key("jobs", "jobs", R"("q": "b")"), 2));
  std::vector<Problem> problems;
  EXPECT_THAT(collected(directory, &problems), ElementsAre("jobs_total{q=\"a\"} 1", "jobs_conflict_gauge{q=\"b\"} 2"));
  ASSERT_THAT(reasons(problems), ElementsAre("type_conflict"));
  EXPECT_THAT(problems[0].message,
              testing::AllOf(HasSubstr("counter_1.db"), HasSubstr("gauge_max_2.db"), HasSubstr("gauge"),
                             HasSubstr("counter"), HasSubstr("jobs_conflict_gauge")));
}

TEST(Merge, AGaugeNamedLikeACountersSampleIsAClash) {
  const TemporaryDirectory directory;
  directory.write("counter_1.db", DbBytes{}.entry(key("jobs", "jobs_total"), 1));
  directory.write("gauge_max_2.db", DbBytes{}.entry(key("jobs_total", "jobs_total"), 2));
  std::vector<Problem> problems;
  EXPECT_THAT(collected(directory, &problems), ElementsAre("jobs_total 1", "jobs_total_conflict_gauge 2"));
  EXPECT_THAT(reasons(problems), ElementsAre("type_conflict"));
}

// promtool reads `s_count` as the summary's, and refuses its second heading.
TEST(Merge, AGaugeNamedLikeASampleThatASummaryCouldHaveIsAClash) {
  const TemporaryDirectory directory;
  directory.write("summary_1.db", DbBytes{}.entry(key("s", "s_sum"), 1));
  directory.write("gauge_max_2.db", DbBytes{}.entry(key("s_count", "s_count"), 2));
  std::vector<Problem> problems;
  EXPECT_THAT(collected(directory, &problems), ElementsAre("s_conflict_summary_sum 1", "s_count 2"));
  EXPECT_THAT(reasons(problems), ElementsAre("type_conflict"));
}

TEST(Merge, ALabelThatPrometheusKeepsForItselfCostsItsKeyOnly) {
  const TemporaryDirectory directory;
  directory.write("counter_1.db",
                  DbBytes{}.entry(key("a", "a_total", R"("__name__": "b")"), 1).entry(key("c", "c_total"), 2));
  std::vector<Problem> problems;
  EXPECT_THAT(collected(directory, &problems), ElementsAre("c_total 2"));
  EXPECT_THAT(reasons(problems), ElementsAre("bad_key"));
}

TEST(Merge, TwoModesOfOneGaugeAreShownApart) {
  const TemporaryDirectory directory;
  directory.write("gauge_max_1.db", DbBytes{}.entry(key("g", "g"), 1));
  directory.write("gauge_min_2.db", DbBytes{}.entry(key("g", "g"), 2));
  std::vector<Problem> problems;
  EXPECT_THAT(collected(directory, &problems), ElementsAre("g 2", "g_conflict_gauge 1"));
  EXPECT_THAT(reasons(problems), ElementsAre("mode_conflict"));
}

TEST(Merge, AConflictEndsWithTheProcessThatMadeIt) {
  const TemporaryDirectory directory;
  directory.write("counter_1.db", DbBytes{}.entry(key("jobs", "jobs_total"), 1));
  directory.write("gauge_max_2.db", DbBytes{}.entry(key("jobs", "jobs"), 2));
  MultiProcessCollector collector{directory.path()};
  EXPECT_EQ(collector.collect()->problems.size(), 1U);
  std::filesystem::remove(directory.path() / "counter_1.db");
  const auto collection = collector.collect();
  EXPECT_THAT(lines(*collection), ElementsAre("jobs 2"));
  EXPECT_THAT(collection->problems, IsEmpty());
}

TEST(Merge, ANanCountCostsItsCellOnly) {
  const TemporaryDirectory directory;
  directory.write("counter_1.db", DbBytes{}.entry(key("c", "c_total"), kNaN));
  directory.write("counter_2.db", DbBytes{}.entry(key("c", "c_total"), 2));
  std::vector<Problem> problems;
  EXPECT_THAT(collected(directory, &problems), ElementsAre("c_total 2"));
  ASSERT_THAT(reasons(problems), ElementsAre("nan_value"));
  EXPECT_THAT(problems[0].message, testing::AllOf(HasSubstr("counter_1.db"), HasSubstr("c_total")));
}

TEST(Merge, AnObservedNanStaysInTheSum) {
  const TemporaryDirectory directory;
  directory.write("summary_1.db", DbBytes{}.entry(key("s", "s_sum"), kNaN));
  EXPECT_THAT(collected(directory), ElementsAre("s_sum nan"));
}

TEST(Merge, SumsDoNotDependOnTheOrderOfFiles) {
  const std::vector<double> terms{1e16, 1, -1e16, 0.1, 1e-300, 3};
  const TemporaryDirectory directory;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    directory.write("summary_" + std::to_string(i + 1) + ".db", DbBytes{}.entry(key("s", "s_sum"), terms[i]));
    directory.write("summary_" + std::to_string(90 - i) + ".db", DbBytes{}.entry(key("t", "t_sum"), terms[i]));
  }
  MultiProcessCollector collector{directory.path()};
  const auto collection = collector.collect();
  EXPECT_EQ(collection->snapshot.values[0], 4.1);
  EXPECT_EQ(collection->snapshot.values[1], 4.1);
}

TEST(MarkProcessDead, RemovesExactlyTheLiveGaugesOfThatProcess) {
  const TemporaryDirectory directory;
  for (const char* name : {"gauge_liveall_42.db", "gauge_livesum_42.db", "gauge_livemostrecent_42.db",
                           "gauge_all_42.db", "gauge_liveall_421.db", "counter_42.db"}) {
    directory.write(name, DbBytes{});
  }
  mark_process_dead(42, directory.path());
  mark_process_dead(42, directory.path());
  std::vector<Problem> problems;
  std::vector<std::string> left;
  for (const MergeFile& file : list_directory(directory.path(), problems)) left.push_back(to_string(file.name));
  EXPECT_THAT(left, ElementsAre("counter_42.db", "gauge_all_42.db", "gauge_liveall_421.db"));
}

TEST(MarkProcessDead, RefusesAnIdentityThatLeavesTheDirectory) {
  EXPECT_ANY_THROW(mark_process_dead("../42", "/tmp"));
  EXPECT_ANY_THROW(mark_process_dead("", "/tmp"));
}

}  // namespace
}  // namespace weir
