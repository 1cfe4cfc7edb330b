#include "http/body_store.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(BodyStore, BytesAreHeldUntilTheLastHolderLetsGo) {
  BodyStore store;
  auto body = store.body(std::string(1000, 'x'));
  auto again = body;
  EXPECT_GE(store.bytes_held(), 1000U);
  body.reset();
  EXPECT_GE(store.bytes_held(), 1000U);
  again.reset();
  EXPECT_EQ(store.bytes_held(), 0U);
}

TEST(BodyStore, BufferOfAGoneBodyIsUsedAgain) {
  BodyStore store;
  store.body(std::string(100000, 'x')).reset();
  const std::string buffer = store.buffer();
  EXPECT_TRUE(buffer.empty());
  EXPECT_GE(buffer.capacity(), 100000U);
}

TEST(BodyStore, OneHugeBodyIsNotKeptForEver) {
  BodyStore store;
  store.body(std::string(BodyStore::kKeptBuffer + 1, 'x')).reset();
  EXPECT_LT(store.buffer().capacity(), BodyStore::kKeptBuffer);
}

TEST(BodyStore, BodiesOutliveTheStore) {
  std::shared_ptr<const std::string> body;
  {
    BodyStore store;
    body = store.body("still here, and long enough to stand on the heap");
  }
  EXPECT_EQ(*body, "still here, and long enough to stand on the heap");
}

}  // namespace
}  // namespace weir
