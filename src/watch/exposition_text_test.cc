#include "watch/exposition_text.h"

#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <string>

namespace weir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

std::map<std::string, double> values_read(const Collection& collection) {
  std::map<std::string, double> out;
  for (std::size_t i = 0; i < collection.snapshot.values.size(); ++i) {
    out.emplace(collection.snapshot.table->series(i), collection.snapshot.values[i]);
  }
  return out;
}

std::shared_ptr<const Collection> read_text(std::string_view body) { return parse_exposition(body, "here"); }

TEST(ExpositionText, CounterIsOneFamilyInBothFormats) {
  for (const char* type : {"# TYPE requests_total counter\n", "# TYPE requests counter\n"}) {
    const auto read = read_text(std::string(type) + "requests_total{b=\"2\", a=\"1\",} 7 1700000000\n");
    ASSERT_THAT(read->snapshot.table->families(), SizeIs(1));
    EXPECT_EQ(read->snapshot.table->families()[0].head.name, "requests");
    EXPECT_EQ(read->snapshot.table->families()[0].head.type, MetricType::counter);
    EXPECT_THAT(values_read(*read), ElementsAre(Pair("requests_total{a=\"1\",b=\"2\"}", 7)));
    EXPECT_THAT(read->problems, IsEmpty());
  }
}

TEST(ExpositionText, HelpBeforeOrAfterTheTypeBelongsToTheFamily) {
  const auto before = read_text("# HELP a_total Of \\\\ and\\nof.\n# TYPE a_total counter\na_total 1\n");
  const auto after = read_text("# TYPE a_total counter\n# HELP a_total Of \\\\ and\\nof.\na_total 1\n");
  for (const auto& read : {before, after}) {
    ASSERT_THAT(read->snapshot.table->families(), SizeIs(1));
    EXPECT_EQ(read->snapshot.table->families()[0].head.help, "Of \\ and\nof.");
  }
}

TEST(ExpositionText, HistogramWithExemplarsIsOneFamilyWithoutCreationTimes) {
  const auto read = read_text(
      "# TYPE took histogram\ntook_bucket{le=\"0.5\"} 3 # {trace_id=\"x\"} 0.4 1.7e9\ntook_bucket{le=\"+Inf\"} 4\n"
      "took_count 4\ntook_sum 2.5\ntook_created 1.7e9\n# EOF\nignored 1\n");
  ASSERT_THAT(read->snapshot.table->families(), SizeIs(1));
  EXPECT_THAT(values_read(*read), ElementsAre(Pair("took_bucket{le=\"+Inf\"}", 4), Pair("took_bucket{le=\"0.5\"}", 3),
                                              Pair("took_count", 4), Pair("took_sum", 2.5)));
}

TEST(ExpositionText, NamesInQuotesAndEscapesAreRead) {
  const auto read = read_text("{\"my.metric\",\"a.b\"=\"x\\\"\\\\\\ny\"} +Inf\nplain NaN\n");
  const auto values = values_read(*read);
  EXPECT_TRUE(std::isinf(values.at("{\"my.metric\",\"a.b\"=\"x\\\"\\\\\\ny\"}")));
  EXPECT_TRUE(std::isnan(values.at("plain")));
}

TEST(ExpositionText, LinesThatCannotBeReadAreNamedAndCostOnlyThemselves) {
  const auto read = read_text(
      "good 1\r\nno_value\nbad{a=1} 2\nbad{a=\"1\" 2\nbad{a=\"1\",a=\"2\"} 2\nbad nonsense\nbad 1 2 3\ngood 4\n"
      "# TYPE x sometype\nfine 3\n");
  EXPECT_THAT(values_read(*read), ElementsAre(Pair("fine", 3), Pair("good", 1)));
  ASSERT_THAT(read->problems, SizeIs(6));
  EXPECT_EQ(read->problems[0].subject, "here");
  EXPECT_THAT(read->problems[0].message, HasSubstr("line 2: \"no_value\": the value is missing"));
  EXPECT_THAT(read->problems[1].message, HasSubstr("not quoted"));
  EXPECT_THAT(read->problems[3].message, HasSubstr("stands twice"));
  EXPECT_THAT(read->problems[5].message, HasSubstr("3 more"));
}

TEST(ExpositionText, SamplesOfAnUndeclaredFamilyKeepTheirNames) {
  const auto read = read_text("a_count 1\na_created 2\n# TYPE b gauge\nb_sum 3\nb 4\n");
  EXPECT_THAT(values_read(*read),
              ElementsAre(Pair("a_count", 1), Pair("a_created", 2), Pair("b", 4), Pair("b_sum", 3)));
}

TEST(ExpositionText, NothingIsAnEmptyCollectionWithoutProblems) {
  const auto read = read_text("\n# just a remark\n");
  EXPECT_THAT(read->snapshot.values, IsEmpty());
  EXPECT_THAT(read->problems, IsEmpty());
}

}  // namespace
}  // namespace weir
