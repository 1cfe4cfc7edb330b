#include "collect/key_sequence.h"

#include <gmock/gmock.h>

namespace weir {
namespace {

using testing::Eq;
using testing::Optional;

KeySequence of_three() {
  KeySequence sequence;
  sequence.put("[a]", 10);
  sequence.put("[bb]", 11);
  sequence.put("[c]", 12);
  sequence.rewind();
  return sequence;
}

TEST(KeySequence, ExpectsTheKeysOfTheFileBefore) {
  KeySequence sequence = of_three();
  EXPECT_THAT(sequence.match("[a]"), Optional(10U));
  EXPECT_THAT(sequence.match("[bb]"), Optional(11U));
  EXPECT_THAT(sequence.match("[c]"), Optional(12U));
  EXPECT_THAT(sequence.match("[c]"), Eq(std::nullopt));
}

TEST(KeySequence, OnlyEqualBytesMatchAndAMismatchChangesNothing) {
  KeySequence sequence = of_three();
  for (const char* other : {"", "[", "[b]", "[a]x", "[bb]"}) EXPECT_THAT(sequence.match(other), Eq(std::nullopt));
  EXPECT_THAT(sequence.match("[a]"), Optional(10U));
}

TEST(KeySequence, APutReplacesWhatWasExpectedFromThereOn) {
  KeySequence sequence = of_three();
  EXPECT_THAT(sequence.match("[a]"), Optional(10U));
  sequence.put("[x]", 20);
  EXPECT_EQ(sequence.size(), 2U);
  sequence.rewind();
  EXPECT_THAT(sequence.match("[a]"), Optional(10U));
  EXPECT_THAT(sequence.match("[x]"), Optional(20U));
  EXPECT_THAT(sequence.match("[c]"), Eq(std::nullopt));
}

TEST(KeySequence, AShorterFileLeavesTheRestExpected) {
  KeySequence sequence = of_three();
  EXPECT_THAT(sequence.match("[a]"), Optional(10U));
  sequence.rewind();
  EXPECT_EQ(sequence.size(), 3U);
}

TEST(KeySequence, KeepsNoMoreThanItsBound) {
  KeySequence sequence;
  const std::string key(KeySequence::kMostBytes / 2, 'x');
  sequence.put(key, 1);
  sequence.put(key, 2);
  sequence.put("[y]", 3);
  EXPECT_EQ(sequence.size(), 2U);
}

}  // namespace
}  // namespace weir
