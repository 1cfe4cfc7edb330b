#include "watch/url_writers.h"

#include <gmock/gmock.h>

#include <cmath>

#include "watch/api_documents.h"

namespace weir {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::SizeIs;

TEST(UrlWriters, ApiStandsBesideTheUrl) {
  EXPECT_EQ(beside_url("http://h:1/metrics", "api"), "http://h:1/api");
  EXPECT_EQ(beside_url("https://h/a/b/metrics?x=/y#/z", "api"), "https://h/a/b/api");
  EXPECT_EQ(beside_url("http://h:1", "api"), "http://h:1/api");
  EXPECT_EQ(beside_url("h/metrics", "api"), "h/api");
}

TEST(UrlWriters, QueryValuesAreEscaped) { EXPECT_EQ(query_value("a.b-é &c"), "a.b-%C3%A9%20%26c"); }

TEST(ApiDocuments, StatusTellsEveryWriter) {
  const auto told = read_api_status(
      R"({"version":1,"time":1.5,"weir":"1.0","later":[1],"storage":"redis","how_to_write":"so","writers":{"alive":1,
      "list":[{"name":"7","state":"dead","host":"h","files":2,"bytes":640,"values":3,"last_flush_age":0.5},
      {"name":"8","state":"asleep"}]}})");
  ASSERT_TRUE(told && told->is_known);
  EXPECT_EQ(told->storage, "redis");
  ASSERT_THAT(told->writers, SizeIs(2));
  const Writer& first = told->writers[0];
  EXPECT_EQ(first.name, "7");
  EXPECT_EQ(first.state, WriterState::dead);
  EXPECT_EQ(first.host, "h");
  EXPECT_EQ(first.files, 2U);
  EXPECT_EQ(first.bytes, 640U);
  EXPECT_EQ(first.values, 3U);
  EXPECT_EQ(first.last_flush_age, 0.5);
  EXPECT_EQ(told->writers[1].state, WriterState::unknown) << "a state of a later release";
}

TEST(ApiDocuments, NoMoreWritersThanAskedForAreKeptAndTheCutIsTold) {
  const std::string body = R"({"version":1,"weir":"1.0","writers":{"dead":3,"list":[{"name":"7"},{"name":"8"},
      {"name":"9"}]}})";
  const auto all = read_api_status(body, 3);
  ASSERT_TRUE(all);
  EXPECT_THAT(all->writers, SizeIs(3));
  EXPECT_FALSE(all->is_cut);
  const auto cut = read_api_status(body, 2);
  ASSERT_TRUE(cut);
  EXPECT_THAT(cut->writers, SizeIs(2));
  EXPECT_TRUE(cut->is_cut);
  const auto by_server = read_api_status(R"({"version":1,"weir":"1.0","writers":{"dead":3,"list":[{"name":"7"}]}})");
  ASSERT_TRUE(by_server);
  EXPECT_TRUE(by_server->is_cut) << "the server lists fewer than it counts";
}

TEST(ApiDocuments, StatusWithoutWritersSaysWhy) {
  const auto told = read_api_status(R"({"version":1,"weir":"1.0","writers":null,"writers_error":"gone"})");
  ASSERT_TRUE(told);
  EXPECT_FALSE(told->is_known);
  EXPECT_EQ(told->fault, "gone");
}

TEST(ApiDocuments, WhatIsNoDocumentIsNone) {
  for (const char* body :
       {"", "<html>", "{}", "[1]", R"({"version":2,"weir":"9"})", R"({"version":1})", "{\"version\":1,"}) {
    EXPECT_FALSE(read_api_status(body)) << body;
    EXPECT_FALSE(read_api_split(body)) << body;
  }
}

TEST(ApiDocuments, SplitHasLabelsAndNumbersJsonHasNot) {
  const auto split = read_api_split(
      R"({"version":1,"family":"x","known":true,"cut":true,"shares":[{"writer":"7","state":"alive","sample":"x_total",
      "labels":{"a":"b"},"value":2},{"writer":"8","state":"folded","sample":"x_total","labels":{},"value":"NaN"}]})");
  ASSERT_TRUE(split);
  EXPECT_TRUE(split->is_cut);
  ASSERT_THAT(split->shares, SizeIs(2));
  EXPECT_THAT(split->shares[0].labels, ElementsAre(Pair("a", "b")));
  EXPECT_EQ(split->shares[0].value, 2);
  EXPECT_TRUE(std::isnan(split->shares[1].value));
  EXPECT_EQ(split->shares[1].state, WriterState::folded);
}

}  // namespace
}  // namespace weir
