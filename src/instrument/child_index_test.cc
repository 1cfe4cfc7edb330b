#include "instrument/child_index.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <string>

#include "weir/registry.h"
#include "weir/storage.h"

namespace weir {
namespace {

// Before removed entries became empty again this took new indexes of some 19 bytes a child, for ever, and ever more
// time.
TEST(ChildIndex, ChildrenThatComeAndGoLeaveNothingBehind) {
  Registry registry{memory_storage()};
  Family<Counter>& family = registry.counter({.name = "c", .help = "h"}, {"path"});
  constexpr int kAlive = 100;
  const auto come_and_go = [&](int from, int to) {
    for (int i = from; i < to; ++i) {
      family.labels(std::to_string(i)).inc();
      if (i >= kAlive) static_cast<void>(family.remove({std::to_string(i - kAlive)}));
    }
  };
  come_and_go(0, 2000);
  const std::size_t before = ::mallinfo2().uordblks;
  come_and_go(2000, 60000);
  EXPECT_LT(::mallinfo2().uordblks, before + 100000);
  EXPECT_EQ(family.size(), static_cast<std::size_t>(kAlive));
  EXPECT_EQ(family.labels(std::to_string(60000 - kAlive)).get(), 1) << "what remains is still found";
}

}  // namespace
}  // namespace weir
