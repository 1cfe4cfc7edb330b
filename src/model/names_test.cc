#include "model/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "weir/error.h"

namespace weir {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;
using ::testing::Property;
using ::testing::Throws;

template <typename Call>
void expect_value_error(Call call, const std::string& part) {
  EXPECT_THAT(call, Throws<ValueError>(Property(&ValueError::what, HasSubstr(part))));
}

TEST(MetricName, ClassicRulesAreLettersDigitsUnderscoresColons) {
  for (const char* good : {"a", "_", ":", "a1", "http_requests_total", "job:rate:5m", "__x", "A9Z"}) {
    EXPECT_TRUE(is_classic_metric_name(good)) << good;
  }
  for (const char* bad : {"", "1a", "a-b", "a.b", "a b", "é", "a\n", "a\x80"}) {
    EXPECT_FALSE(is_classic_metric_name(bad)) << bad;
  }
  EXPECT_FALSE(is_classic_metric_name("a\0"s));
}

TEST(MetricName, RefusalNamesTheNameAndTheRule) {
  expect_value_error([] { check_metric_name("a-b", NameRules::classic); },
                     R"(metric name "a-b" does not match [a-zA-Z_:][a-zA-Z0-9_:]*)");
  expect_value_error([] { check_metric_name("", NameRules::classic); }, R"(metric name "" does not match)");
}

TEST(MetricName, Utf8RulesTakeAnyValidText) {
  EXPECT_NO_THROW(check_metric_name("my.metric/größe 🚰", NameRules::utf8));
  expect_value_error([] { check_metric_name("a\xff", NameRules::utf8); }, R"("a\xff" is not valid UTF-8)");
  expect_value_error([] { check_metric_name("", NameRules::utf8); }, "metric name is empty");
}

TEST(LabelName, ClassicRulesHaveNoColon) {
  EXPECT_TRUE(is_classic_label_name("method"));
  EXPECT_TRUE(is_classic_label_name("_a1"));
  EXPECT_FALSE(is_classic_label_name("a:b"));
  EXPECT_FALSE(is_classic_label_name("1a"));
  EXPECT_FALSE(is_classic_label_name(""));
}

void check(std::vector<std::string> names, MetricType type, NameRules rules = NameRules::classic) {
  check_label_names(names, type, rules);
}

TEST(LabelNames, GoodOnesPass) {
  EXPECT_NO_THROW(check({}, MetricType::counter));
  EXPECT_NO_THROW(check({"method", "code", "_x"}, MetricType::counter));
  EXPECT_NO_THROW(check({"my.label"}, MetricType::counter, NameRules::utf8));
}

TEST(LabelNames, BadOnesAreNamed) {
  expect_value_error([] { check({"ok", "a:b"}, MetricType::counter); }, R"(label name "a:b" does not match)");
  expect_value_error([] { check({"ok", ""}, MetricType::counter, NameRules::utf8); }, "label name is empty");
}

TEST(LabelNames, DoubleUnderscoreIsReservedInBothRules) {
  expect_value_error([] { check({"__name__"}, MetricType::counter); }, R"("__name__" starts with "__")");
  expect_value_error([] { check({"__name__"}, MetricType::counter, NameRules::utf8); }, "reserved");
}

TEST(LabelNames, LeIsReservedForHistogramsOnly) {
  expect_value_error([] { check({"le"}, MetricType::histogram); }, "a histogram writes it itself");
  EXPECT_NO_THROW(check({"le"}, MetricType::counter));
  EXPECT_NO_THROW(check({"le"}, MetricType::summary));
}

TEST(LabelNames, QuantileIsReservedForSummariesOnly) {
  expect_value_error([] { check({"quantile"}, MetricType::summary); }, "a summary writes it itself");
  EXPECT_NO_THROW(check({"quantile"}, MetricType::histogram));
}

TEST(LabelNames, RepeatedOnesAreRefused) {
  expect_value_error([] { check({"a", "b", "a"}, MetricType::gauge); }, R"(label name "a" is given twice)");
}

TEST(LabelValue, MustBeUtf8) {
  EXPECT_NO_THROW(check_label_value("path", ""));
  EXPECT_NO_THROW(check_label_value("path", "a\0ü"s));
  expect_value_error([] { check_label_value("path", "\xc3"); }, R"(value "\xc3" of label "path" is not valid UTF-8)");
}

TEST(Utf8, WellFormedTextIsValid) {
  for (const char* good : {"", "plain ascii, longer than eight", "é", "€", "😀", "\x7f", "\u0080", "\u07ff", "\u0800",
                           "\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010ffff", "eightasc😀eightasc"}) {
    EXPECT_TRUE(is_valid_utf8(good)) << good;
  }
}

TEST(Utf8, OverlongFormsAreInvalid) {
  for (const char* bad :
       {"\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf"}) {
    EXPECT_FALSE(is_valid_utf8(bad));
  }
}

TEST(Utf8, SurrogatesAreInvalid) {
  EXPECT_FALSE(is_valid_utf8("\xed\xa0\x80"));
  EXPECT_FALSE(is_valid_utf8("\xed\xbf\xbf"));
  EXPECT_TRUE(is_valid_utf8("\xed\x9f\xbf"));
}

TEST(Utf8, BeyondUnicodeIsInvalid) {
  for (const char* bad : {"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xff", "\xfe"}) {
    EXPECT_FALSE(is_valid_utf8(bad));
  }
}

TEST(Utf8, CutOrStraySequencesAreInvalid) {
  for (const char* bad :
       {"\xc3", "\xe2\x82", "\xf0\x9f\x98", "\x80", "\xbf", "a\xc3z", "\xe2\x28\xa1", "12345678\xe2\x82"}) {
    EXPECT_FALSE(is_valid_utf8(bad));
  }
}

TEST(FullName, JoinsPartsAndLeavesEmptyOnesOut) {
  EXPECT_EQ(full_name("app", "http", "requests", ""), "app_http_requests");
  EXPECT_EQ(full_name("", "http", "requests", ""), "http_requests");
  EXPECT_EQ(full_name("app", "", "requests", ""), "app_requests");
  EXPECT_EQ(full_name("", "", "requests", ""), "requests");
}

TEST(FullName, UnitIsNotRepeated) {
  EXPECT_EQ(full_name("", "", "latency", "seconds"), "latency_seconds");
  EXPECT_EQ(full_name("", "", "latency_seconds", "seconds"), "latency_seconds");
  EXPECT_EQ(full_name("", "", "kiloseconds", "seconds"), "kiloseconds_seconds");
}

}  // namespace
}  // namespace weir
