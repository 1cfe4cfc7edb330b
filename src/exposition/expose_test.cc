#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "weir/exposition.h"

namespace weir {
namespace {

constexpr Format kText{};
constexpr Format kOpenMetrics{TextFormat::openmetrics_1_0_0, NameEscaping::underscores, false};

Format escaped(NameEscaping scheme, TextFormat text = TextFormat::text_0_0_4) { return {text, scheme, true}; }

Collection collection_of(const std::vector<MetricFamily>& families) { return {snapshot_of(families), {}}; }

std::string exposed(const std::vector<MetricFamily>& families, const Format& format,
                    const std::vector<std::string>& names = {}) {
  return expose(collection_of(families), format, names);
}

MetricFamily family(std::string name, MetricType type, std::vector<Sample> samples, std::string help = "h",
                    std::string unit = "") {
  return {{std::move(name), type, std::move(help), std::move(unit)}, std::move(samples)};
}

Sample sample(std::string name, double value, Labels labels = {}) {
  return {std::move(name), std::move(labels), value, {}};
}

std::vector<MetricFamily> every_type() {
  return {
      family("jobs", MetricType::counter,
             {sample("jobs_total", 3, {{"queue", "a"}}), sample("jobs_total", 1.5, {{"queue", "b"}})}, "Jobs done"),
      family("temp_celsius", MetricType::gauge, {sample("temp_celsius", -0.5)}, "Temperature", "celsius"),
      family("lat_seconds", MetricType::histogram,
             {sample("lat_seconds_bucket", 1, {{"le", "0.1"}}), sample("lat_seconds_bucket", 2, {{"le", "+Inf"}}),
              sample("lat_seconds_sum", 5.25), sample("lat_seconds_count", 2)},
             "Latency", "seconds"),
      family("size", MetricType::summary, {sample("size_sum", 10), sample("size_count", 4)}, "Sizes"),
      family("build", MetricType::info, {sample("build_info", 1, {{"version", "1.2"}})}, "Build"),
      family("state", MetricType::stateset,
             {sample("state", 1, {{"state", "on"}}), sample("state", 0, {{"state", "off"}})}, "State"),
      family("odd", MetricType::unknown, {sample("odd", 7)}, "Odd"),
  };
}

TEST(Expose, EveryTypeInText) {
  EXPECT_EQ(exposed(every_type(), kText), R"(# HELP jobs_total Jobs done
# TYPE jobs_total counter
jobs_total{queue="a"} 3
jobs_total{queue="b"} 1.5
# HELP temp_celsius Temperature
# TYPE temp_celsius gauge
temp_celsius -0.5
# HELP lat_seconds Latency
# TYPE lat_seconds histogram
lat_seconds_bucket{le="0.1"} 1
lat_seconds_bucket{le="+Inf"} 2
lat_seconds_sum 5.25
lat_seconds_count 2
# HELP size Sizes
# TYPE size summary
size_sum 10
size_count 4
# HELP build_info Build
# TYPE build_info gauge
build_info{version="1.2"} 1
# HELP state State
# TYPE state gauge
state{state="on"} 1
state{state="off"} 0
# HELP odd Odd
# TYPE odd untyped
odd 7
)");
}

TEST(Expose, EveryTypeInOpenMetrics) {
  EXPECT_EQ(exposed(every_type(), kOpenMetrics), R"(# HELP jobs Jobs done
# TYPE jobs counter
jobs_total{queue="a"} 3.0
jobs_total{queue="b"} 1.5
# HELP temp_celsius Temperature
# TYPE temp_celsius gauge
# UNIT temp_celsius celsius
temp_celsius -0.5
# HELP lat_seconds Latency
# TYPE lat_seconds histogram
# UNIT lat_seconds seconds
lat_seconds_bucket{le="0.1"} 1.0
lat_seconds_bucket{le="+Inf"} 2.0
lat_seconds_sum 5.25
lat_seconds_count 2.0
# HELP size Sizes
# TYPE size summary
size_sum 10.0
size_count 4.0
# HELP build Build
# TYPE build info
build_info{version="1.2"} 1.0
# HELP state State
# TYPE state stateset
state{state="on"} 1.0
state{state="off"} 0.0
# HELP odd Odd
# TYPE odd unknown
odd 7.0
# EOF
)");
}

TEST(Expose, VersionsOfAFormatHaveOneBody) {
  EXPECT_EQ(exposed(every_type(), {TextFormat::text_1_0_0}), exposed(every_type(), kText));
  EXPECT_EQ(exposed(every_type(), {TextFormat::openmetrics_0_0_1}), exposed(every_type(), kOpenMetrics));
}

TEST(Expose, EmptyCollectionIsAnEmptyTextAndABareEof) {
  EXPECT_EQ(exposed({}, kText), "");
  EXPECT_EQ(exposed({}, kOpenMetrics), "# EOF\n");
}

TEST(Expose, FamilyWithoutSamplesStillHasItsHeader) {
  const std::vector<MetricFamily> none{family("x", MetricType::counter, {})};
  EXPECT_EQ(exposed(none, kText), "# HELP x_total h\n# TYPE x_total counter\n");
  EXPECT_EQ(exposed(none, kOpenMetrics), "# HELP x h\n# TYPE x counter\n# EOF\n");
}

TEST(Expose, EmptyHelpKeepsItsLine) {
  EXPECT_EQ(exposed({family("x", MetricType::gauge, {sample("x", 1)}, "")}, kText), "# HELP x \n# TYPE x gauge\nx 1\n");
}

TEST(Expose, HelpEscapesQuotesInOpenMetricsOnly) {
  const std::vector<MetricFamily> hard{family("x", MetricType::gauge, {}, "a \"b\" \\ c\nd")};
  EXPECT_EQ(exposed(hard, kText), "# HELP x a \"b\" \\\\ c\\nd\n# TYPE x gauge\n");
  EXPECT_EQ(exposed(hard, kOpenMetrics), "# HELP x a \\\"b\\\" \\\\ c\\nd\n# TYPE x gauge\n# EOF\n");
}

TEST(Expose, LabelValuesEscapeQuotesBackslashesAndNewlines) {
  const std::vector<MetricFamily> hard{family("x", MetricType::gauge, {sample("x", 1, {{"a", "q\"b\\n\nü"}})})};
  EXPECT_EQ(exposed(hard, kText), "# HELP x h\n# TYPE x gauge\nx{a=\"q\\\"b\\\\n\\nü\"} 1\n");
}

TEST(Expose, NumbersAreSpelledAsGoSpellsThem) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  std::vector<Sample> samples;
  for (const double v : {0.0, -0.0, 0.1 + 0.2, 1e6, 1e21, 123456789.0, 1e-5, kInf, -kInf, std::nan("")})
    samples.push_back(sample("x", v));
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i].labels = {{"i", std::to_string(i)}};
  const std::vector<MetricFamily> numbers{family("x", MetricType::gauge, samples)};
  EXPECT_EQ(exposed(numbers, kText), R"(# HELP x h
# TYPE x gauge
x{i="0"} 0
x{i="1"} -0
x{i="2"} 0.30000000000000004
x{i="3"} 1e+06
x{i="4"} 1e+21
x{i="5"} 1.23456789e+08
x{i="6"} 1e-05
x{i="7"} +Inf
x{i="8"} -Inf
x{i="9"} NaN
)");
}

TEST(Expose, CounterWithoutTotalIsUnknownToOpenMetrics) {
  const std::vector<MetricFamily> bare{family("hits", MetricType::counter, {sample("hits", 2)})};
  EXPECT_EQ(exposed(bare, kText), "# HELP hits h\n# TYPE hits counter\nhits 2\n");
  EXPECT_EQ(exposed(bare, kOpenMetrics), "# HELP hits h\n# TYPE hits unknown\nhits 2.0\n# EOF\n");
}

TEST(Expose, CounterNamedWithTotalLosesItInOpenMetrics) {
  const std::vector<MetricFamily> named{family("hits_total", MetricType::counter, {sample("hits_total", 2)})};
  EXPECT_EQ(exposed(named, kText), "# HELP hits_total h\n# TYPE hits_total counter\nhits_total 2\n");
  EXPECT_EQ(exposed(named, kOpenMetrics), "# HELP hits h\n# TYPE hits counter\nhits_total 2.0\n# EOF\n");
}

TEST(Expose, CounterWithOneStraySampleIsUnknownToOpenMetrics) {
  const std::vector<MetricFamily> mixed{
      family("hits", MetricType::counter, {sample("hits_total", 2), sample("hits_totally", 1)})};
  EXPECT_EQ(exposed(mixed, kOpenMetrics),
            "# HELP hits h\n# TYPE hits unknown\nhits_total 2.0\nhits_totally 1.0\n# EOF\n");
}

TEST(Expose, UnitIsGivenOnlyWhenTheNameEndsInIt) {
  const auto head = [](std::string name, MetricType type, std::string unit) {
    return exposed({family(std::move(name), type, {}, "h", std::move(unit))}, kOpenMetrics);
  };
  EXPECT_EQ(head("x_seconds", MetricType::gauge, "seconds"),
            "# HELP x_seconds h\n# TYPE x_seconds gauge\n# UNIT x_seconds seconds\n# EOF\n");
  EXPECT_EQ(head("xseconds", MetricType::gauge, "seconds"), "# HELP xseconds h\n# TYPE xseconds gauge\n# EOF\n");
  EXPECT_EQ(head("x_seconds", MetricType::info, "seconds"), "# HELP x_seconds h\n# TYPE x_seconds info\n# EOF\n");
  EXPECT_EQ(head("seconds", MetricType::gauge, "seconds"), "# HELP seconds h\n# TYPE seconds gauge\n# EOF\n");
}

Sample with_exemplar(Sample base, Labels labels, double value, double timestamp) {
  base.exemplar = Exemplar{std::move(labels), value, timestamp};
  return base;
}

TEST(Expose, ExemplarsStandOnTotalsAndBucketsOnly) {
  const Labels trace{{"trace_id", "a\"b"}, {"span", "s"}};
  const std::vector<MetricFamily> families{
      family("c", MetricType::counter,
             {sample("c_total", 0, {{"k", "0"}}),
              with_exemplar(sample("c_total", 4, {{"k", "1"}}), trace, 2, 1520879607.789),
              sample("c_total", 5, {{"k", "2"}})}),
      family("h", MetricType::histogram,
             {with_exemplar(sample("h_bucket", 1, {{"le", "+Inf"}}), {}, 0.5, 0),
              with_exemplar(sample("h_sum", 1), trace, 1, 1)}),
      family("g", MetricType::gauge, {with_exemplar(sample("g", 1), trace, 1, 1)}),
      family("bare", MetricType::counter, {with_exemplar(sample("bare", 1), trace, 1, 1)})};
  EXPECT_EQ(exposed(families, kOpenMetrics), R"(# HELP c h
# TYPE c counter
c_total{k="0"} 0.0
c_total{k="1"} 4.0 # {span="s",trace_id="a\"b"} 2.0 1520879607.789
c_total{k="2"} 5.0
# HELP h h
# TYPE h histogram
h_bucket{le="+Inf"} 1.0 # {} 0.5
h_sum 1.0
# HELP g h
# TYPE g gauge
g 1.0
# HELP bare h
# TYPE bare unknown
bare 1.0
# EOF
)");
  EXPECT_EQ(exposed(families, kText).find(" # "), std::string::npos);
}

TEST(Expose, ExemplarAbove128CharactersIsLeftOut) {
  const auto line = [](std::size_t characters) {
    std::string value;
    for (std::size_t i = 1; i < characters; ++i) value += "ü";
    return exposed({family("c", MetricType::counter, {with_exemplar(sample("c_total", 1), {{"t", value}}, 1, 0)})},
                   kOpenMetrics);
  };
  EXPECT_NE(line(128).find("ü"), std::string::npos);
  EXPECT_EQ(line(129), "# HELP c h\n# TYPE c counter\nc_total 1.0\n# EOF\n");
}

std::vector<MetricFamily> utf8_names() {
  return {family("http.requests", MetricType::counter,
                 {sample("http.requests_total", 2, {{"http.status", "200"}, {"a", "b"}})}),
          family("größe.s", MetricType::histogram,
                 {sample("größe.s_bucket", 1, {{"le", "+Inf"}}), sample("größe.s_count", 1)}),
          family("plain_x", MetricType::gauge, {sample("plain_x", 1)})};
}

TEST(Expose, Utf8NamesAreQuotedWhenAllowed) {
  EXPECT_EQ(exposed(utf8_names(), escaped(NameEscaping::allow_utf8, TextFormat::text_1_0_0)),
            R"(# HELP "http.requests_total" h
# TYPE "http.requests_total" counter
{"http.requests_total",a="b","http.status"="200"} 2
# HELP "größe.s" h
# TYPE "größe.s" histogram
{"größe.s_bucket",le="+Inf"} 1
{"größe.s_count"} 1
# HELP plain_x h
# TYPE plain_x gauge
plain_x 1
)");
  EXPECT_EQ(exposed(utf8_names(), escaped(NameEscaping::allow_utf8, TextFormat::openmetrics_1_0_0)),
            R"(# HELP "http.requests" h
# TYPE "http.requests" counter
{"http.requests_total",a="b","http.status"="200"} 2.0
# HELP "größe.s" h
# TYPE "größe.s" histogram
{"größe.s_bucket",le="+Inf"} 1.0
{"größe.s_count"} 1.0
# HELP plain_x h
# TYPE plain_x gauge
plain_x 1.0
# EOF
)");
}

TEST(Expose, Utf8NamesUnderUnderscores) {
  EXPECT_EQ(exposed(utf8_names(), escaped(NameEscaping::underscores)), R"(# HELP http_requests_total h
# TYPE http_requests_total counter
http_requests_total{a="b",http_status="200"} 2
# HELP gr__e_s h
# TYPE gr__e_s histogram
gr__e_s_bucket{le="+Inf"} 1
gr__e_s_count 1
# HELP plain_x h
# TYPE plain_x gauge
plain_x 1
)");
}

TEST(Expose, Utf8NamesUnderDots) {
  EXPECT_EQ(exposed(utf8_names(), escaped(NameEscaping::dots)), R"(# HELP http_dot_requests__total h
# TYPE http_dot_requests__total counter
http_dot_requests__total{a="b",http_dot_status="200"} 2
# HELP gr__e_dot_s h
# TYPE gr__e_dot_s histogram
gr__e_dot_s_bucket{le="+Inf"} 1
gr__e_dot_s_count 1
# HELP plain_x h
# TYPE plain_x gauge
plain_x 1
)");
}

TEST(Expose, Utf8NamesUnderValues) {
  EXPECT_EQ(exposed(utf8_names(), escaped(NameEscaping::values, TextFormat::openmetrics_1_0_0)),
            R"(# HELP U__http_2e_requests_ h
# TYPE U__http_2e_requests_ counter
U__http_2e_requests__total{U__http_2e_status="200",a="b"} 2.0
# HELP U__gr_f6__df_e_2e_s h
# TYPE U__gr_f6__df_e_2e_s histogram
U__gr_f6__df_e_2e_s_bucket{le="+Inf"} 1.0
U__gr_f6__df_e_2e_s_count 1.0
# HELP plain_x h
# TYPE plain_x gauge
plain_x 1.0
# EOF
)");
}

TEST(Expose, FamiliesThatBecomeOneShareAHeaderAndPrintNoSeriesTwice) {
  const std::vector<MetricFamily> families{
      family("a.b", MetricType::gauge, {sample("a.b", 1, {{"k", "1"}}), sample("a.b", 2, {{"k", "2"}})}),
      family("other", MetricType::gauge, {sample("other", 9)}),
      family("a_b", MetricType::gauge, {sample("a_b", 3, {{"k", "2"}}), sample("a_b", 4, {{"k", "3"}})}, "second")};
  EXPECT_EQ(exposed(families, kText), R"(# HELP a_b h
# TYPE a_b gauge
a_b{k="1"} 1
a_b{k="2"} 2
a_b{k="3"} 4
# HELP other h
# TYPE other gauge
other 9
)");
}

TEST(Expose, FamiliesThatBecomeOneWithDifferentTypesAreUnknownNameByName) {
  const std::vector<MetricFamily> families{
      family("a/b", MetricType::summary, {sample("a/b_sum", 2), sample("a/b_sum", 3, {{"k", "v"}})}),
      family("a.b", MetricType::gauge, {sample("a.b", 1)})};
  EXPECT_EQ(exposed(families, kText),
            "# HELP a_b h\n# TYPE a_b untyped\na_b 1\n"
            "# HELP a_b_sum h\n# TYPE a_b_sum untyped\na_b_sum 2\na_b_sum{k=\"v\"} 3\n");
}

TEST(Expose, ExemplarsSurviveEscaping) {
  const std::vector<MetricFamily> families{
      family("a.b", MetricType::counter, {with_exemplar(sample("a.b_total", 1), {{"t.id", "x"}}, 1, 5)})};
  EXPECT_EQ(exposed(families, kOpenMetrics),
            "# HELP a_b h\n# TYPE a_b counter\na_b_total 1.0 # {t_id=\"x\"} 1.0 5\n# EOF\n");
  EXPECT_EQ(exposed(families, escaped(NameEscaping::allow_utf8, TextFormat::openmetrics_1_0_0)),
            "# HELP \"a.b\" h\n# TYPE \"a.b\" counter\n{\"a.b_total\"} 1.0 # {\"t.id\"=\"x\"} 1.0 5\n# EOF\n");
}

Sample at(Sample base, double timestamp) {
  base.timestamp = timestamp;
  return base;
}

TEST(Expose, TimestampsStandBehindTheValueInMillisecondsOrSeconds) {
  const std::vector<MetricFamily> families{
      family(
          "c", MetricType::counter,
          {sample("c_total", 1, {{"k", "0"}}), at(sample("c_total", 2, {{"k", "1"}}), 1520879607.789),
           at(with_exemplar(sample("c_total", 3, {{"k", "2"}}), {{"t", "x"}}, 2, 5), 1.9999),
           with_exemplar(sample("c_total", 4, {{"k", "3"}}), {{"t", "y"}}, 2, 0), sample("c_total", 5, {{"k", "4"}})}),
      family("g.h", MetricType::gauge, {at(sample("g.h", 6), 0), at(sample("g.h", 7), -2.5)})};
  EXPECT_EQ(exposed(families, kText), R"(# HELP c_total h
# TYPE c_total counter
c_total{k="0"} 1
c_total{k="1"} 2 1520879607789
c_total{k="2"} 3 1999
c_total{k="3"} 4
c_total{k="4"} 5
# HELP g_h h
# TYPE g_h gauge
g_h 6 0
)");
  EXPECT_EQ(exposed(families, escaped(NameEscaping::allow_utf8, TextFormat::openmetrics_1_0_0)), R"(# HELP c h
# TYPE c counter
c_total{k="0"} 1.0
c_total{k="1"} 2.0 1520879607.789
c_total{k="2"} 3.0 1.9999 # {t="x"} 2.0 5
c_total{k="3"} 4.0 # {t="y"} 2.0
c_total{k="4"} 5.0
# HELP "g.h" h
# TYPE "g.h" gauge
{"g.h"} 6.0 0
{"g.h"} 7.0 -2.5
# EOF
)");
}

TEST(Expose, TimestampThatIsNoTimeIsLeftOut) {
  for (const double none : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    const std::vector<MetricFamily> families{family("g", MetricType::gauge, {at(sample("g", 1), none)})};
    EXPECT_EQ(exposed(families, kText), "# HELP g h\n# TYPE g gauge\ng 1\n");
    EXPECT_EQ(exposed(families, kOpenMetrics), "# HELP g h\n# TYPE g gauge\ng 1.0\n# EOF\n");
  }
  const std::vector<MetricFamily> late{family("g", MetricType::gauge, {at(sample("g", 1), 1e17)})};
  EXPECT_EQ(exposed(late, kText), "# HELP g h\n# TYPE g gauge\ng 1\n") << "no 64 bits of milliseconds";
}

TEST(Expose, FilterSelectsWholeFamiliesByFamilyOrSampleName) {
  const std::string jobs =
      "# HELP jobs_total Jobs done\n# TYPE jobs_total counter\njobs_total{queue=\"a\"} 3\njobs_total{queue=\"b\"} "
      "1.5\n";
  EXPECT_EQ(exposed(every_type(), kText, {"jobs"}), jobs);
  EXPECT_EQ(exposed(every_type(), kText, {"jobs_total"}), jobs);
  EXPECT_EQ(exposed(every_type(), kText, {"lat_seconds_count"}), exposed(every_type(), kText, {"lat_seconds"}));
  EXPECT_EQ(exposed(every_type(), kText, {"size", "jobs"}),
            jobs + "# HELP size Sizes\n# TYPE size summary\nsize_sum 10\nsize_count 4\n");
}

TEST(Expose, FilterThatFitsNothingLeavesTheEnd) {
  EXPECT_EQ(exposed(every_type(), kText, {"job", "jobs_tota", "queue", ""}), "");
  EXPECT_EQ(exposed(every_type(), kOpenMetrics, {"nothing"}), "# EOF\n");
}

TEST(Expose, FilterKnowsRawAndShownNames) {
  const std::string shown =
      "# HELP http_requests_total h\n# TYPE http_requests_total "
      "counter\nhttp_requests_total{a=\"b\",http_status=\"200\"} 2\n";
  for (const std::string name : {"http.requests", "http.requests_total", "http_requests", "http_requests_total"}) {
    EXPECT_EQ(exposed(utf8_names(), kText, {name}), shown) << name;
  }
  EXPECT_EQ(exposed(utf8_names(), escaped(NameEscaping::allow_utf8), {"http_requests_total"}), "");
}

TEST(Expose, BodyIsAppendedTo) {
  std::string body = "before\n";
  expose(collection_of({family("x", MetricType::gauge, {sample("x", 1)})}), kText, {}, body);
  EXPECT_EQ(body, "before\n# HELP x h\n# TYPE x gauge\nx 1\n");
}

TEST(Expose, LinesCrossTheBlocksTheBodyGrowsBy) {
  std::vector<Sample> samples;
  std::string expected = "# HELP x h\n# TYPE x gauge\n";
  for (std::size_t i = 0; i < 300; ++i) {
    const std::string value(i * 7 + (i == 150 ? 200000 : 0), 'v');
    samples.push_back(sample("x", 0.1, {{"a", value}}));
    expected += "x{a=\"" + value + "\"} 0.1\n";
  }
  EXPECT_EQ(exposed({family("x", MetricType::gauge, samples)}, kText), expected);
}

}  // namespace
}  // namespace weir
