#include "exposition/name_escaping.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using enum NameEscaping;

TEST(NameEscaping, ClassicNamesStandUnderEveryScheme) {
  for (const NameEscaping scheme : {allow_utf8, underscores, dots, values}) {
    EXPECT_EQ(escape_metric_name("http_requests:rate5m", scheme), "http_requests:rate5m");
    EXPECT_EQ(escape_label_name("le_2", scheme), "le_2");
  }
}

TEST(NameEscaping, AllowUtf8ChangesNothing) {
  EXPECT_EQ(escape_metric_name("größe.a b", allow_utf8), "größe.a b");
  EXPECT_EQ(escape_label_name("größe.a b", allow_utf8), "größe.a b");
}

TEST(NameEscaping, UnderscoresReplaceEachCharacter) {
  EXPECT_EQ(escape_metric_name("metric.name/with/slashes", underscores), "metric_name_with_slashes");
  EXPECT_EQ(escape_metric_name("größe", underscores), "gr__e");
  EXPECT_EQ(escape_metric_name("😀x_y", underscores), "_x_y");
  EXPECT_EQ(escape_metric_name("2xx", underscores), "_xx");
}

TEST(NameEscaping, DotsAreSpelledAndUnderscoresDoubled) {
  EXPECT_EQ(escape_metric_name("metric.name.with.dots", dots), "metric_dot_name_dot_with_dot_dots");
  EXPECT_EQ(escape_metric_name("http.status_code total", dots), "http_dot_status__code_total");
  EXPECT_EQ(escape_metric_name("2.x", dots), "__dot_x");
}

TEST(NameEscaping, ValuesWriteCodePoints) {
  EXPECT_EQ(escape_metric_name("metric.name", values), "U__metric_2e_name");
  EXPECT_EQ(escape_metric_name("my_metric.name", values), "U__my__metric_2e_name");
  EXPECT_EQ(escape_metric_name("größe", values), "U__gr_f6__df_e");
  EXPECT_EQ(escape_metric_name("花火", values), "U___82b1__706b_");
  EXPECT_EQ(escape_metric_name("😀", values), "U___1f600_");
  EXPECT_EQ(escape_metric_name("2xx", values), "U___32_xx");
}

TEST(NameEscaping, BrokenUtf8IsTheReplacementCharacter) {
  EXPECT_EQ(escape_metric_name("a\xff"
                               "b",
                               values),
            "U__a_fffd_b");
  EXPECT_EQ(escape_metric_name("a\xe8\x8a", values), "U__a_fffd__fffd_");
}

TEST(NameEscaping, ColonIsForMetricNamesOnly) {
  EXPECT_EQ(escape_metric_name("a:b.c", underscores), "a:b_c");
  EXPECT_EQ(escape_label_name("a:b", underscores), "a_b");
  EXPECT_EQ(escape_label_name("a:b", values), "U__a_3a_b");
}

TEST(NameEscaping, HeaderNamesAreQuotedWhereTheyMustBe) {
  std::string out;
  append_header_name(out, "plain");
  append_header_name(out, R"(a."b\)");
  EXPECT_EQ(out, R"(plain"a.\"b\\")");
}

std::string gauge_series(std::string_view series, NameEscaping scheme) {
  return escape_series(series, "m.x", MetricType::gauge, scheme);
}

TEST(EscapeSeries, PlainSeriesStand) {
  EXPECT_EQ(gauge_series(R"(m{a="{\"x",b=",\"y="})", underscores), R"(m{a="{\"x",b=",\"y="})");
  EXPECT_EQ(gauge_series(R"(m{a="x,",b="y"})", underscores), R"(m{a="x,",b="y"})");
}

TEST(EscapeSeries, NamesAndLabelNamesAreEscapedAndSortedAnew) {
  EXPECT_EQ(gauge_series(R"({"m.x","a.z"="1",b="2"})", underscores), R"(m_x{a_z="1",b="2"})");
  EXPECT_EQ(gauge_series(R"({"m.x","a.z"="1",b="2"})", values), R"(U__m_2e_x{U__a_2e_z="1",b="2"})");
  EXPECT_EQ(gauge_series(R"({"m.x"})", dots), "m_dot_x");
}

TEST(EscapeSeries, LabelsThatBecomeOneKeepTheirValues) {
  EXPECT_EQ(gauge_series(R"(m{"a.b"="1","a/b"="2",a_b="3"})", underscores), R"(m{a_b="1;2;3"})");
}

TEST(EscapeSeries, HistogramSuffixesAreAddedAfterEscaping) {
  EXPECT_EQ(escape_series(R"({"h.s_bucket",le="1.0"})", "h.s", MetricType::histogram, dots),
            R"(h_dot_s_bucket{le="1.0"})");
  EXPECT_EQ(escape_series(R"({"h.s_sum"})", "h.s", MetricType::summary, values), "U__h_2e_s_sum");
  EXPECT_EQ(escape_series(R"({"h.s_sum"})", "h.s", MetricType::gauge, values), "U__h_2e_s__sum");
}

}  // namespace
}  // namespace weir
