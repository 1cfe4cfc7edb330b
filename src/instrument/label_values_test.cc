#include "weir/label_values.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace weir {
namespace {

TEST(LabelValues, AreReadBackWhateverTheirLength) {
  const std::string longest(100000, 'x');
  const std::array<std::string_view, 4> values{"GET", "", longest, "\0a"};
  const LabelValues packed{values};
  ASSERT_EQ(packed.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(packed[i], values[i]);
}

TEST(LabelValues, MayBeNone) { EXPECT_EQ(LabelValues({}).size(), 0U); }

}  // namespace
}  // namespace weir
