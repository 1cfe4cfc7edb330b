#include <chrono>

#include <gtest/gtest.h>

#include "weir/redis_error.h"

namespace weir {
namespace {

constexpr std::chrono::milliseconds kDelay{10};

TEST(WithRetry, GivesWhatTheFunctionGives) {
  EXPECT_EQ(with_retry([] { return 5; }), 5);
  bool called = false;
  with_retry([&] { called = true; });
  EXPECT_TRUE(called);
}

TEST(WithRetry, TriesAgainAfterFailuresOfConnectionAndTime) {
  int calls = 0;
  const int answer = with_retry(
      [&] {
        if (++calls == 1) throw RedisConnectionError("refused");
        if (calls == 2) throw RedisTimeoutError("5 s");
        return 7;
      },
      3, kDelay);
  EXPECT_EQ(answer, 7);
  EXPECT_EQ(calls, 3);
}

TEST(WithRetry, ThrowsTheLastFailure) {
  int calls = 0;
  const auto fail = [&] {
    if (++calls == 3) throw RedisTimeoutError("the last");
    throw RedisConnectionError("refused");
  };
  EXPECT_THROW(with_retry(fail, 3, kDelay), RedisTimeoutError);
  EXPECT_EQ(calls, 3);
}

TEST(WithRetry, WaitsTwiceAsLongEachTime) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THROW(with_retry([] { throw RedisConnectionError("refused"); }, 4, kDelay), RedisConnectionError);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 7 * kDelay);
}

TEST(WithRetry, TriesOnceWhenToldSo) {
  int calls = 0;
  EXPECT_THROW(with_retry([&] { ++calls, throw RedisTimeoutError("5 s"); }, 1), RedisTimeoutError);
  EXPECT_EQ(calls, 1);
}

TEST(WithRetry, NeverTriesAgainWithAWrongPasswordOrAfterAnAnswer) {
  int calls = 0;
  EXPECT_THROW(with_retry([&] { ++calls, throw RedisAuthenticationError("WRONGPASS"); }), RedisAuthenticationError);
  EXPECT_THROW(with_retry([&] { ++calls, throw RedisReplyError("OOM"); }), RedisReplyError);
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace weir
