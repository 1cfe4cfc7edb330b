#include "weir/snapshot.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "weir/error.h"

namespace weir {
namespace {

std::vector<MetricFamily> two_families() {
  return {
      {{"requests", MetricType::counter, "Requests.", ""},
       {{"requests_total", {{"method", "GET"}}, 3, Exemplar{{{"trace_id", "x"}}, 1, 2.5}},
        {"requests_total", {{"method", "PO\"ST"}}, 4, std::nullopt}}},
      {{"empty", MetricType::gauge, "Nothing yet.", "bytes"}, {}},
      {{"temperature", MetricType::gauge, "", ""}, {{"temperature", {}, -1.5, Exemplar{{}, 9, 0}, 1520879607.789}}}};
}

TEST(SeriesTable, SeriesBelongToTheFamilyOpenedBefore) {
  SeriesTableBuilder builder;
  builder.family({"a", MetricType::counter, "", ""});
  builder.series("a_total{x=\"1\"}");
  builder.series("a_total{x=\"2\"}");
  builder.family({"b", MetricType::gauge, "", ""});
  builder.series("b", {});
  const auto table = std::move(builder).finish();
  ASSERT_EQ(table->families().size(), 2u);
  EXPECT_EQ(table->families()[0].first, 0u);
  EXPECT_EQ(table->families()[0].count, 2u);
  EXPECT_EQ(table->families()[1].first, 2u);
  EXPECT_EQ(table->families()[1].count, 1u);
  EXPECT_EQ(table->size(), 3u);
  EXPECT_EQ(table->series(0), "a_total{x=\"1\"}");
  EXPECT_EQ(table->series(1), "a_total{x=\"2\"}");
  EXPECT_EQ(table->series(2), "b");
  EXPECT_EQ(table->text_size(), 29u);
}

TEST(SeriesTable, LabelsAreSortedIntoCanonicalText) {
  SeriesTableBuilder builder;
  builder.family({"a", MetricType::gauge, "", ""});
  builder.series("a", {{"z", "1"}, {"b", "2"}});
  EXPECT_EQ(std::move(builder).finish()->series(0), R"(a{b="2",z="1"})");
}

TEST(SeriesTable, SeriesWithoutAFamilyIsRefused) { EXPECT_THROW(SeriesTableBuilder().series("a"), Error); }

bool utf8_names(const std::string& series, const std::string& family = "a") {
  SeriesTableBuilder builder;
  builder.family({family, MetricType::gauge, "", ""});
  builder.series(series);
  return std::move(builder).finish()->has_utf8_names();
}

TEST(SeriesTable, KnowsWhetherAnyNameIsUnusual) {
  EXPECT_FALSE(utf8_names("a"));
  EXPECT_FALSE(utf8_names(R"(a{b="c",d="e"})"));
  EXPECT_TRUE(utf8_names(R"({"a.b"})"));
  EXPECT_TRUE(utf8_names(R"(a{"b.c"="d"})"));
  EXPECT_TRUE(utf8_names(R"(a{b="c","d.e"="f"})"));
  EXPECT_TRUE(utf8_names("a", "a.b"));
}

TEST(SeriesTable, ValuesThatLookLikeQuotedNamesAreNot) {
  EXPECT_FALSE(utf8_names(R"(a{b="{\"x\",\"",c="\\",d=",{"})"));
  EXPECT_TRUE(utf8_names(R"(a{b="\\","c.d"="e"})"));
}

TEST(Snapshot, DefaultIsEmpty) {
  EXPECT_EQ(Snapshot{}.table->size(), 0u);
  EXPECT_TRUE(families(Snapshot{}).empty());
}

TEST(Snapshot, OfFamiliesKeepsValuesInOrder) {
  const Snapshot snapshot = snapshot_of(two_families());
  EXPECT_EQ(snapshot.values, (std::vector<double>{3, 4, -1.5}));
  ASSERT_EQ(snapshot.exemplars.size(), 2u);
  EXPECT_EQ(snapshot.exemplars[0].series, 0u);
  EXPECT_EQ(snapshot.exemplars[1].series, 2u);
  EXPECT_EQ(snapshot.table->series(1), R"(requests_total{method="PO\"ST"})");
}

TEST(Snapshot, FamiliesComeBackWhole) {
  const std::vector<MetricFamily> before = two_families();
  const std::vector<MetricFamily> after = families(snapshot_of(before));
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t f = 0; f < before.size(); ++f) {
    EXPECT_EQ(after[f].head.name, before[f].head.name);
    EXPECT_EQ(after[f].head.type, before[f].head.type);
    EXPECT_EQ(after[f].head.help, before[f].head.help);
    EXPECT_EQ(after[f].head.unit, before[f].head.unit);
    ASSERT_EQ(after[f].samples.size(), before[f].samples.size());
    for (std::size_t s = 0; s < before[f].samples.size(); ++s) {
      const Sample& was = before[f].samples[s];
      const Sample& is = after[f].samples[s];
      EXPECT_EQ(is.name, was.name);
      EXPECT_EQ(is.labels, was.labels);
      EXPECT_EQ(is.value, was.value);
      EXPECT_EQ(is.timestamp, was.timestamp);
      ASSERT_EQ(is.exemplar.has_value(), was.exemplar.has_value());
      if (was.exemplar) {
        EXPECT_EQ(is.exemplar->value, was.exemplar->value);
      }
    }
  }
}

TEST(Problem, SubjectStandsBeforeAMessageThatDoesNotNameIt) {
  EXPECT_EQ(message_with_subject({"truncated", "/m/counter_7.db", "it ends early"}), "/m/counter_7.db: it ends early");
  EXPECT_EQ(message_with_subject({"truncated", "/m/counter_7.db", "/m/counter_7.db ends early"}),
            "/m/counter_7.db ends early");
}

TEST(Problem, IsOneLineThatNoTerminalObeys) {
  EXPECT_EQ(message_with_subject({"truncated", "/m/\x1b[31m\n.db", "/m/\x1b[31m\n.db ends early"}),
            "/m/\\x1b[31m\\x0a.db ends early");
}

}  // namespace
}  // namespace weir
