#include "http/api_shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "http/json_text.h"

namespace weir {
namespace {

using testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string values_of(const Snapshot& snapshot) {
  std::string out;
  ApiShape(*snapshot.table).append_values(out, snapshot.values);
  return out;
}

Snapshot shape_snapshot(std::string name, MetricType type, std::vector<Sample> samples) {
  return snapshot_of({{{std::move(name), type, "Help.", "seconds"}, std::move(samples)}});
}

TEST(ApiShape, CounterIsOneValueALabelSet) {
  const Snapshot snapshot = shape_snapshot(
      "a", MetricType::counter, {{"a_total", {{"code", "200"}}, 3, {}}, {"a_total", {{"code", "500"}}, 1, {}}});
  EXPECT_THAT(ApiShape::json(*snapshot.table),
              HasSubstr(R"({"name":"a","type":"counter","help":"Help.","unit":"seconds","metrics":[)"
                        R"({"at":0,"labels":{"code":"200"}},{"at":1,"labels":{"code":"500"}}]})"));
  EXPECT_EQ(values_of(snapshot), "[3,1]");
}

TEST(ApiShape, HistogramStandsTogetherWhereverItsSamplesAre) {
  // By series text `le` stands before `path`, so the buckets of two label sets come mixed.
  const Snapshot snapshot = shape_snapshot("h", MetricType::histogram,
                                           {{"h_bucket", {{"le", "+Inf"}, {"path", "/a"}}, 4, {}},
                                            {"h_bucket", {{"le", "+Inf"}, {"path", "/b"}}, 9, {}},
                                            {"h_bucket", {{"le", "0.5"}, {"path", "/a"}}, 2, {}},
                                            {"h_bucket", {{"le", "0.5"}, {"path", "/b"}}, 7, {}},
                                            {"h_count", {{"path", "/a"}}, 4, {}},
                                            {"h_sum", {{"path", "/a"}}, 1.25, {}},
                                            {"h_sum", {{"path", "/b"}}, 8, {}}});
  EXPECT_THAT(ApiShape::json(*snapshot.table),
              HasSubstr(R"("metrics":[{"at":0,"labels":{"path":"/a"},"le":[0.5,"+Inf"]},)"
                        R"({"at":4,"labels":{"path":"/b"},"le":[0.5,"+Inf"]}])"));
  EXPECT_EQ(values_of(snapshot), "[2,4,4,1.25,7,9,null,8]");
}

TEST(ApiShape, SummaryHasItsQuantilesInOrder) {
  const Snapshot snapshot = shape_snapshot("s", MetricType::summary,
                                           {{"s", {{"quantile", "0.99"}}, 2, {}},
                                            {"s", {{"quantile", "0.5"}}, 1, {}},
                                            {"s_count", {}, 10, {}},
                                            {"s_sum", {}, 12, {}}});
  EXPECT_THAT(ApiShape::json(*snapshot.table), HasSubstr(R"([{"at":0,"labels":{},"quantile":[0.5,0.99]}])"));
  EXPECT_EQ(values_of(snapshot), "[1,2,10,12]");
}

TEST(ApiShape, SampleWithAnotherNameSaysSo) {
  const Snapshot snapshot = shape_snapshot("h", MetricType::histogram, {{"h_created", {}, 7, {}}});
  EXPECT_THAT(ApiShape::json(*snapshot.table), HasSubstr(R"([{"at":0,"labels":{},"sample":"h_created"}])"));
  EXPECT_EQ(values_of(snapshot), "[7]");
}

TEST(ApiShape, NumbersJsonHasNotAreText) {
  const Snapshot snapshot = shape_snapshot(
      "g", MetricType::gauge,
      {{"g", {{"x", "1"}}, kInfinity, {}}, {"g", {{"x", "2"}}, -kInfinity, {}}, {"g", {{"x", "3"}}, 1e-7, {}}});
  EXPECT_EQ(values_of(snapshot), R"(["+Inf","-Inf",1e-07])");
}

TEST(ApiShape, GenerationIsTheSameForTheSameSeriesAlone) {
  const Snapshot one = shape_snapshot("g", MetricType::gauge, {{"g", {}, 1, {}}});
  const Snapshot other_value = shape_snapshot("g", MetricType::gauge, {{"g", {}, 2, {}}});
  const Snapshot other_label = shape_snapshot("g", MetricType::gauge, {{"g", {{"x", "1"}}, 1, {}}});
  EXPECT_EQ(ApiShape(*one.table).generation(), ApiShape(*other_value.table).generation());
  EXPECT_NE(ApiShape(*one.table).generation(), ApiShape(*other_label.table).generation());
}

TEST(JsonText, EscapesAndRepairs) {
  std::string out;
  append_json_text(out, "a\"b\\c\n\x7f</script>\xC3\xA9\xFF\xE2\x82");
  EXPECT_EQ(out, R"("a\"b\\c\u000a\u007f</script>)"
                 "\xC3\xA9"
                 R"(\ufffd\ufffd\ufffd")");
}

}  // namespace
}  // namespace weir
