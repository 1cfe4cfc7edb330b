#include "exposition/accept.h"

#include <gmock/gmock.h>

#include <string>

namespace weir {
namespace {

using testing::ElementsAre;

std::vector<std::string_view> values_of(std::string_view header) {
  std::vector<std::string_view> result;
  for (const AcceptClause& clause : parse_accept(header)) result.push_back(clause.value);
  return result;
}

TEST(Accept, ClausesComeByDescendingQ) {
  EXPECT_THAT(values_of("a/a;q=0.2, b/b;q=0.9, c/c"), ElementsAre("c/c", "b/b", "a/a"));
}

TEST(Accept, EqualQKeepsTheHeadersOrder) { EXPECT_THAT(values_of("b/b,a/a,c/c"), ElementsAre("b/b", "a/a", "c/c")); }

TEST(Accept, WildcardsComeAfterNamesOfEqualQ) {
  EXPECT_THAT(values_of("*/*,text/*,text/plain"), ElementsAre("text/plain", "text/*", "*/*"));
}

TEST(Accept, UnreadableQCountsAsOneAndOutOfRangeIsClamped) {
  for (const std::string q : {"", "x", "0.5x", "nan", "7", "inf"}) {
    EXPECT_EQ(parse_accept("a/a;q=" + q).front().q, 1) << q;
  }
  EXPECT_EQ(parse_accept("a/a;q=-1").front().q, 0);
  EXPECT_EQ(parse_accept("a/a;q=0.25").front().q, 0.25);
}

TEST(Accept, ParameterNamesAndBlanksAreForgiven) {
  const auto clauses = parse_accept(" text/plain ; VERSION = 0.0.4 ;; charset=utf-8 ");
  ASSERT_EQ(clauses.size(), 1U);
  EXPECT_EQ(clauses.front().value, "text/plain");
  EXPECT_EQ(clauses.front().parameter("version"), "0.0.4");
  EXPECT_EQ(clauses.front().parameter("charset"), "utf-8");
  EXPECT_EQ(clauses.front().parameter("escaping"), "");
}

TEST(Accept, SeparatorsInsideQuotesSeparateNothing) {
  const auto clauses = parse_accept(R"(a/a;x="1,2;3\",4";q=0.5, b/b)");
  ASSERT_EQ(clauses.size(), 2U);
  EXPECT_EQ(clauses[1].parameter("x"), R"(1,2;3\",4)");
  EXPECT_EQ(clauses[1].q, 0.5);
}

TEST(Accept, EmptyClausesAreSkipped) {
  EXPECT_THAT(values_of(""), ElementsAre());
  EXPECT_THAT(values_of(",, ,;q=1,a/a,"), ElementsAre("a/a"));
}

}  // namespace
}  // namespace weir
