#include "weir/types.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(GaugeMode, EveryModeReadsBackFromItsName) {
  for (const GaugeMode mode : kGaugeModes) EXPECT_EQ(gauge_mode_from(to_string(mode)), mode);
}

TEST(GaugeMode, LiveFormsAreTheirModesWithLive) {
  for (const GaugeMode mode : kGaugeModes) {
    const std::string plain(to_string(without_live(mode)));
    EXPECT_EQ(to_string(mode), is_live(mode) ? "live" + plain : plain);
  }
}

TEST(GaugeMode, UnknownNamesAreNothing) {
  for (const char* bad : {"", "live", "ALL", "all ", "liveliveall", "avg"}) EXPECT_FALSE(gauge_mode_from(bad)) << bad;
}

TEST(MetricType, EveryTypeReadsBackFromItsName) {
  for (const MetricType type : {MetricType::counter, MetricType::gauge, MetricType::histogram, MetricType::summary,
                                MetricType::info, MetricType::stateset, MetricType::unknown}) {
    EXPECT_EQ(metric_type_from(to_string(type)), type);
  }
  EXPECT_FALSE(metric_type_from("untyped"));
}

}  // namespace
}  // namespace weir
