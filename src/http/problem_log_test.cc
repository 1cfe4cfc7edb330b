#include "http/problem_log.h"

#include <gtest/gtest.h>

#include <vector>

namespace weir {
namespace {

TEST(ProblemLog, ProblemIsLoggedWhenItAppearsAndNotAgain) {
  ProblemLog log;
  const std::vector<Problem> one{{"truncated", "/run/a.db", "too short"}};
  EXPECT_EQ(log.met(one), 1U);
  EXPECT_EQ(log.met(one), 0U);
  const std::vector<Problem> two{one[0], {"truncated", "/run/b.db", "too short"}};
  EXPECT_EQ(log.met(two), 1U);
}

TEST(ProblemLog, ProblemThatComesBackIsLoggedAgain) {
  ProblemLog log;
  const std::vector<Problem> one{{"truncated", "/run/a.db", "too short"}};
  log.met(one);
  log.met({});
  EXPECT_EQ(log.met(one), 1U);
}

TEST(ProblemLog, LinesOfOneCollectionAreBounded) {
  ProblemLog log;
  std::vector<Problem> many;
  for (int i = 0; i < 1000; ++i) many.push_back({"truncated", "/run/" + std::to_string(i), "too short"});
  EXPECT_EQ(log.met(many), ProblemLog::kRemembered);
  EXPECT_EQ(log.met(many), 0U);
}

}  // namespace
}  // namespace weir
