#include "model/series_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "weir/error.h"

namespace weir {
namespace {

using ::testing::HasSubstr;
using ::testing::Property;
using ::testing::ThrowsMessage;

std::string text_of(std::string_view name, const Labels& labels) {
  std::string out;
  append_series_text(out, name, labels);
  return out;
}

TEST(SeriesText, NameAloneHasNoBraces) { EXPECT_EQ(text_of("up", {}), "up"); }

TEST(SeriesText, LabelsAreSortedByName) {
  EXPECT_EQ(text_of("a", {{"z", "1"}, {"b", "2"}, {"le", "+Inf"}}), R"(a{b="2",le="+Inf",z="1"})");
  EXPECT_EQ(text_of("a", {{"b", "2"}, {"z", "1"}}), text_of("a", {{"z", "1"}, {"b", "2"}}));
}

TEST(SeriesText, ValuesAreEscaped) { EXPECT_EQ(text_of("a", {{"b", "x\\y\"z\nw\té"}}), "a{b=\"x\\\\y\\\"z\\nw\té\"}"); }

TEST(SeriesText, UnusualNamesAreQuoted) {
  EXPECT_EQ(text_of("my.name", {{"a", "b"}}), R"({"my.name",a="b"})");
  EXPECT_EQ(text_of("my.name", {}), R"({"my.name"})");
  EXPECT_EQ(text_of("a", {{"my.label", "v"}}), R"(a{"my.label"="v"})");
  EXPECT_EQ(text_of("q\"\\\n", {}), R"({"q\"\\\n"})");
}

TEST(SeriesText, AppendsToWhatIsThere) {
  std::string out = "x ";
  append_series_text(out, "a", {});
  EXPECT_EQ(out, "x a");
}

TEST(SeriesText, ReadsBackWhatItWrote) {
  const SeriesParts parts = parse_series_text(R"({"my.name",a="b\\\"\n","x y"="1,2}"})");
  EXPECT_EQ(parts.name, "my.name");
  EXPECT_EQ(parts.labels, (Labels{{"a", "b\\\"\n"}, {"x y", "1,2}"}}));
}

TEST(SeriesText, EmptyNamesAndValuesReadBack) {
  EXPECT_EQ(text_of("", {{"", ""}}), R"({"",""=""})");
  const SeriesParts parts = parse_series_text(R"({"",""=""})");
  EXPECT_EQ(parts.name, "");
  EXPECT_EQ(parts.labels, (Labels{{"", ""}}));
}

TEST(SeriesText, RandomSeriesReadBack) {
  std::mt19937 random(42);
  const std::string alphabet = "ab_:.\"\\\n{},= é\t9";
  const auto any = [&](std::size_t longest) {
    std::string s(random() % (longest + 1), ' ');
    for (char& c : s) c = alphabet[random() % alphabet.size()];
    return s;
  };
  for (int i = 0; i < 5000; ++i) {
    Labels labels;
    for (std::size_t n = random() % 4; n > 0; --n) labels.emplace_back(std::to_string(n) + any(3), any(6));
    const std::string name = any(5);
    const std::string text = text_of(name, labels);
    const SeriesParts parts = parse_series_text(text);
    ASSERT_EQ(parts.name, name) << text;
    ASSERT_EQ(parts.labels.size(), labels.size()) << text;
    ASSERT_EQ(text_of(parts.name, parts.labels), text);
  }
}

TEST(SeriesText, WhatIsNotCanonicalIsRefused) {
  for (const char* bad : {"",
                          "{",
                          "{}",
                          "a{",
                          "a{}",
                          "a}",
                          "1a",
                          "a b",
                          "a{b}",
                          "a{b=}",
                          "a{b=c}",
                          "a{b=\"c\"",
                          "a{b=\"c}",
                          "a{b=\"c\"}x",
                          "a{b=\"c\",}",
                          "a{,b=\"c\"}",
                          "a{b=\"c\" }",
                          "a{b=\"\\x\"}",
                          "a{b=\"\\",
                          "{\"a\"}",
                          "{\"a.b\",}",
                          "{a=\"b\"}",
                          "a{\"b\"=\"c\"}",
                          "a{b=\"1\",a=\"2\"}",
                          "a{b=\"1\",b=\"2\"}",
                          "a{b=\"1\",b=\"1\"}",
                          "a{b=\"x\ny\"}",
                          "{\"a.b\"}{c=\"d\"}",
                          "a.b"}) {
    EXPECT_THROW(parse_series_text(bad), FormatError) << bad;
  }
}

TEST(SeriesText, RefusalSaysWhereAndWhy) {
  EXPECT_THAT([] { parse_series_text("a{b=\"c\"}x"); },
              ThrowsMessage<FormatError>(HasSubstr("text after the closing brace at byte 8")));
  EXPECT_THAT([] { parse_series_text("a{z=\"1\",b=\"2\"}"); },
              ThrowsMessage<FormatError>(HasSubstr(R"(not canonical, which is "a{b=\"2\",z=\"1\"}")")));
}

TEST(SeriesName, IsTheNameInEveryForm) {
  EXPECT_EQ(series_name("up"), "up");
  EXPECT_EQ(series_name("a{b=\"c{\"}"), "a");
  EXPECT_EQ(series_name(R"({"my.name",a="b"})"), "my.name");
  EXPECT_EQ(series_name(R"({"q\"\\","a"="b"})"), R"(q\"\\)");
}

TEST(SeriesName, BrokenTextEndsTheName) {
  EXPECT_EQ(series_name(""), "");
  EXPECT_EQ(series_name("{\"abc"), "abc");
  EXPECT_EQ(series_name("{\"abc\\"), "abc\\");
}

}  // namespace
}  // namespace weir
