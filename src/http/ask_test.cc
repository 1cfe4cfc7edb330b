#include "http/ask.h"

#include <gtest/gtest.h>

#include <chrono>

namespace weir {
namespace {

using std::chrono::milliseconds;

TEST(ScrapeTimeout, SecondsWithFractionsAreRead) {
  EXPECT_EQ(parse_scrape_timeout("10"), milliseconds(10000));
  EXPECT_EQ(parse_scrape_timeout("0.25"), milliseconds(250));
  EXPECT_EQ(parse_scrape_timeout("10.000000"), milliseconds(10000));
}

TEST(ScrapeTimeout, WhatIsNoUsableTimeIsNothing) {
  for (const char* bad : {"", "0", "-1", "nan", "inf", "1e9", "3601", "ten", "10s", " 10", "10 ", "0.0001", "10, 20"}) {
    EXPECT_EQ(parse_scrape_timeout(bad), std::nullopt) << bad;
  }
}

TEST(ScrapeTimeout, RefusalLeavesTheScraperTimeToReadIt) {
  EXPECT_EQ(time_to_answer(milliseconds(1000)), milliseconds(900));
  EXPECT_EQ(time_to_answer(milliseconds(60000)), milliseconds(59500));
}

class CountingPending : public Pending {
 public:
  using Pending::Pending;
  int woken = 0;

 private:
  void wake() override { ++woken; }
};

TEST(Pending, FirstAnswerCountsAndWakesOnce) {
  CountingPending pending({}, Pending::Clock::now());
  EXPECT_FALSE(pending.settled());
  EXPECT_TRUE(pending.settle(plain_answer(200, "first")));
  EXPECT_FALSE(pending.settle(plain_answer(503, "second")));
  EXPECT_EQ(pending.woken, 1);
  EXPECT_TRUE(pending.settled());
  EXPECT_EQ(*pending.take()->body, "first");
}

TEST(Ask, DiffersByEverythingThatChangesTheBody) {
  const Ask plain;
  Ask gzip;
  gzip.gzip = true;
  Ask named;
  named.names = {"a"};
  Ask openmetrics;
  openmetrics.format.text = TextFormat::openmetrics_1_0_0;
  Ask escaped;
  escaped.format.escaping = NameEscaping::dots;
  EXPECT_TRUE(plain == Ask{});
  for (const Ask* other : {&gzip, &named, &openmetrics, &escaped}) EXPECT_FALSE(plain == *other);
}

}  // namespace
}  // namespace weir
