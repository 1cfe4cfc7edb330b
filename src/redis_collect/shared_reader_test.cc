// RedisMultiProcessCollector on the shared layout, on real servers.
#include "redis_collect/shared_reader.h"

#include <gtest/gtest.h>

#include "redis_collect/redis_reading_for_test.h"

namespace weir {
namespace {

using for_test::reasons;
using for_test::Reasons;
using for_test::ServerWithKeys;
using for_test::shown;
using for_test::Shown;

class SharedReading : public ::testing::Test {
 protected:
  ServerWithKeys redis;
  RedisMultiProcessCollector collector{redis.client(), {.key_prefix = {}, .layout = RedisReadLayout::shared}};

  void describe(const std::string& name, const SharedMetadata& metadata) {
    redis.run({"HSET", "weir.metadata", name, shared_metadata_json(metadata)});
  }
  static SharedMetadata counter(std::vector<std::string> labels, std::string sample) {
    return {.type = MetricType::counter,
            .help = "Help.",
            .mode = GaugeMode::all,
            .buckets = {},
            .labels = std::move(labels),
            .sample = std::move(sample)};
  }
};

TEST_F(SharedReading, DescribedMetricsAreShownAsTheyAreDescribed) {
  describe("requests", counter({}, "requests_total"));
  redis.run({"SET", "requests", "5"});
  describe("by_code", counter({"code"}, "by_code_total"));
  redis.run({"HSET", "by_code", R"({"code": "200"})", "3", R"({"code": "500"})", "1.5"});
  const auto collection = collector.collect();
  EXPECT_EQ(shown(*collection),
            (Shown{{"requests_total", 5}, {"by_code_total{code=\"200\"}", 3}, {"by_code_total{code=\"500\"}", 1.5}}));
  EXPECT_EQ(reasons(*collection), Reasons{});
  ASSERT_EQ(collection->snapshot.table->families().size(), 2U);
  EXPECT_EQ(collection->snapshot.table->families()[1].head.type, MetricType::counter);
  EXPECT_EQ(collection->snapshot.table->families()[1].head.help, "Help.");
}

TEST_F(SharedReading, LabelOrderMakesNoOtherSeries) {
  describe("r", counter({"b", "a"}, "r_total"));
  redis.run({"HSET", "r", R"({"b": "2", "a": "1"})", "3", R"({"a": "1", "b": "2"})", "4"});
  for (int i = 0; i < 2; ++i) EXPECT_EQ(shown(*collector.collect()), (Shown{{"r_total{a=\"1\",b=\"2\"}", 7}}));
}

TEST_F(SharedReading, StoredBucketsAreCumulatedAlready) {
  describe("lat", {.type = MetricType::histogram,
                   .help = {},
                   .mode = GaugeMode::all,
                   .buckets = {"0.5", "1.0", "+Inf"},
                   .labels = {},
                   .sample = "lat"});
  for (const auto& [part, value] : {std::pair{"0.5", "2"}, std::pair{"1.0", "5"}, std::pair{"+Inf", "6"},
                                    std::pair{"count", "6"}, std::pair{"sum", "4.5"}}) {
    redis.run({"SET", std::string("lat:") + part, value});
  }
  const Shown expected{{"lat_bucket{le=\"0.5\"}", 2},
                       {"lat_bucket{le=\"1.0\"}", 5},
                       {"lat_bucket{le=\"+Inf\"}", 6},
                       {"lat_count", 6},
                       {"lat_sum", 4.5}};
  EXPECT_EQ(shown(*collector.collect()), expected);
}

TEST_F(SharedReading, AHalfWrittenObservationIsStillAHistogram) {
  describe("lat", {.type = MetricType::histogram,
                   .help = {},
                   .mode = GaugeMode::all,
                   .buckets = {"0.5", "1.0", "+Inf"},
                   .labels = {"r"},
                   .sample = "lat"});
  redis.run({"HSET", "lat:0.5", R"({"r": "x"})", "3"});
  redis.run({"HSET", "lat:1.0", R"({"r": "x"})", "2"});
  redis.run({"HSET", "lat:count", R"({"r": "x"})", "4"});
  EXPECT_EQ(shown(*collector.collect()), (Shown{{"lat_bucket{le=\"0.5\",r=\"x\"}", 3},
                                                {"lat_bucket{le=\"1.0\",r=\"x\"}", 3},
                                                {"lat_bucket{le=\"+Inf\",r=\"x\"}", 4},
                                                {"lat_count{r=\"x\"}", 4},
                                                {"lat_sum{r=\"x\"}", 0}}));
}

TEST_F(SharedReading, PytheusAloneIsToldByItsKeys) {
  redis.run({"SET", "visits", "5"});
  redis.run({"HSET", "by_code", R"({"code": "200"})", "3"});
  for (const auto& [part, value] : {std::pair{"0.5", "2"}, std::pair{"10", "3"}, std::pair{"+Inf", "3"},
                                    std::pair{"count", "3"}, std::pair{"sum", "4"}}) {
    redis.run({"HSET", std::string("lat:") + part, R"({"route": "/"})", value});
  }
  redis.run({"SET", "size:count", "2"});
  redis.run({"SET", "size:sum", "20"});
  redis.run({"SADD", "some_set", "x"});
  redis.run({"SET", "session-17", "x"});
  const auto collection = collector.collect();
  EXPECT_EQ(shown(*collection), (Shown{{"visits", 5},
                                       {"by_code{code=\"200\"}", 3},
                                       {"lat_bucket{le=\"0.5\",route=\"/\"}", 2},
                                       {"lat_bucket{le=\"10.0\",route=\"/\"}", 3},
                                       {"lat_bucket{le=\"+Inf\",route=\"/\"}", 3},
                                       {"lat_count{route=\"/\"}", 3},
                                       {"lat_sum{route=\"/\"}", 4},
                                       {"size_count", 2},
                                       {"size_sum", 20}}));
  EXPECT_EQ(reasons(*collection), Reasons{});
}

TEST_F(SharedReading, EachBadInputCostsItselfOnly) {
  describe("good", counter({"code"}, "good_total"));
  redis.run({"HSET", "good", R"({"code": "200"})", "3", "not json", "1", R"({"code": "500"})", "many"});
  describe("wrong", counter({}, "wrong_total"));
  redis.run({"SADD", "wrong", "x"});
  redis.run({"HSET", "weir.metadata", "bad", "{"});
  describe("nan", counter({}, "nan_total"));
  redis.run({"SET", "nan", "nan"});
  for (int i = 0; i < 2; ++i) {
    const auto collection = collector.collect();
    EXPECT_EQ(shown(*collection), (Shown{{"good_total{code=\"200\"}", 3}}));
    EXPECT_EQ(reasons(*collection), (Reasons{"bad_key", "bad_metadata", "bad_value", "nan_value", "wrong_type"}));
  }
}

TEST_F(SharedReading, FieldsThatComeAndGoAreSeriesThatComeAndGo) {
  describe("r", counter({"i"}, "r_total"));
  redis.run({"HSET", "r", R"({"i": "1"})", "1", R"({"i": "2"})", "2"});
  EXPECT_EQ(shown(*collector.collect()).size(), 2U);
  redis.run({"HDEL", "r", R"({"i": "1"})"});
  redis.run({"HSET", "r", R"({"i": "3"})", "3"});
  EXPECT_EQ(shown(*collector.collect()), (Shown{{"r_total{i=\"2\"}", 2}, {"r_total{i=\"3\"}", 3}}));
  redis.run({"DEL", "weir.metadata"});
  redis.run({"DEL", "r"});
  EXPECT_EQ(shown(*collector.collect()), Shown{});
}

TEST_F(SharedReading, AGaugeHasOneValueForAllProcesses) {
  describe(
      "depth",
      {.type = MetricType::gauge, .help = {}, .mode = GaugeMode::all, .buckets = {}, .labels = {}, .sample = "depth"});
  redis.run({"SET", "depth", "-4"});
  EXPECT_EQ(shown(*collector.collect()), (Shown{{"depth", -4}}));
}

TEST_F(SharedReading, APrefixStandsBeforeEveryKey) {
  RedisMultiProcessCollector prefixed(redis.client(), {.key_prefix = "app", .layout = RedisReadLayout::shared});
  redis.run({"SET", "visits", "5"});
  redis.run({"SET", "app-visits", "6"});
  EXPECT_EQ(shown(*prefixed.collect()), (Shown{{"visits", 6}}));
}

TEST_F(SharedReading, BothLayoutsStandInOneExposition) {
  RedisMultiProcessCollector both(redis.client());
  describe("requests", counter({}, "requests_total"));
  redis.run({"SET", "requests", "5"});
  redis.run({"SET", "not_ours", "1"});
  redis.put("counter", "1", ServerWithKeys::key_of("jobs", "jobs_total"), "2.0");
  EXPECT_EQ(shown(*both.collect()), (Shown{{"requests_total", 5}, {"jobs_total", 2}}));
}

}  // namespace
}  // namespace weir
