#include "format/file_name.h"

#include <gtest/gtest.h>

#include <string>

namespace weir {
namespace {

TEST(FileName, StockNamesAreRead) {
  for (const MetricType type : {MetricType::counter, MetricType::histogram, MetricType::summary}) {
    const auto name = parse_file_name(std::string(to_string(type)) + "_4242.db");
    ASSERT_TRUE(name);
    EXPECT_EQ(name->kind.type, type);
    EXPECT_EQ(name->identity, "4242");
  }
}

TEST(FileName, EveryGaugeModeReadsBack) {
  for (const GaugeMode mode : kGaugeModes) {
    const FileName written{{MetricType::gauge, mode}, "4242"};
    const auto name = parse_file_name(to_string(written));
    ASSERT_TRUE(name) << to_string(written);
    EXPECT_EQ(name->kind, written.kind);
    EXPECT_EQ(name->identity, "4242");
  }
}

TEST(FileName, NonceStaysInTheIdentity) {
  EXPECT_EQ(parse_file_name("counter_4242-18f3a2c07b11.db")->identity, "4242-18f3a2c07b11");
  EXPECT_EQ(parse_file_name("gauge_max_4242-18f3a2c07b11.db")->identity, "4242-18f3a2c07b11");
}

TEST(FileName, CustomIdentityIsEverythingAfterTheKind) {
  const auto name = parse_file_name("gauge_all_worker_1.db");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->kind, (FileKind{MetricType::gauge, GaugeMode::all}));
  EXPECT_EQ(name->identity, "worker_1");
  EXPECT_EQ(parse_file_name("counter_a.db.db")->identity, "a.db");
}

TEST(FileName, IsSpelledAsStockSpellsIt) {
  EXPECT_EQ(to_string(FileName{{MetricType::counter, GaugeMode::all}, "4242-18f3"}), "counter_4242-18f3.db");
  EXPECT_EQ(to_string(FileName{{MetricType::gauge, GaugeMode::livesum}, "7"}), "gauge_livesum_7.db");
}

TEST(FileName, ForeignNamesAreNothing) {
  for (const char* bad : {"",
                          ".db",
                          "_.db",
                          "counter.db",
                          "counter_.db",
                          "counter_1",
                          "counter_1.db~",
                          "counter_1.DB",
                          "Counter_1.db",
                          ".counter_1.db",
                          "gauge_1.db",
                          "gauge_all.db",
                          "gauge_all_.db",
                          "gauge_avg_1.db",
                          "gauge__1.db",
                          "info_1.db",
                          "stateset_1.db",
                          "unknown_1.db",
                          "counter_1/2.db",
                          "/counter_1.db",
                          "counters_1.db",
                          "gauge_all_\xff.db",
                          "lock"}) {
    EXPECT_FALSE(parse_file_name(bad)) << bad;
  }
}

TEST(FileKind, IdentityIsALabelForAllAndLiveGaugesOnly) {
  for (const GaugeMode mode : kGaugeModes) {
    EXPECT_EQ(identity_is_label({MetricType::gauge, mode}), mode == GaugeMode::all || is_live(mode));
    EXPECT_FALSE(identity_is_label({MetricType::counter, mode}));
  }
}

}  // namespace
}  // namespace weir
