#include "collect/hash_index.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace weir {
namespace {

constexpr HashSeed kSeed{1, 2};

Hash128 hash(std::uint32_t n) { return hash_of("key " + std::to_string(n), kSeed); }

TEST(HashOf, EveryByteLengthAndSeedMatters) {
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
  const auto add = [&](std::string_view bytes, HashSeed seed) {
    const Hash128 h = hash_of(bytes, seed);
    EXPECT_TRUE(seen.emplace(h.a, h.b).second) << bytes.size();
  };
  for (std::size_t size = 0; size < 70; ++size) {
    add(std::string(size, '\0'), kSeed);
    add(std::string(size, '\0'), kSeed.with(7));
    for (std::size_t i = 0; i < size; ++i) {
      std::string bytes(size, '\0');
      bytes[i] = 'x';
      add(bytes, kSeed);
    }
  }
}

TEST(HashSeed, IsDrawnAnewEachTime) {
  EXPECT_NE(hash_of("key", HashSeed::random()), hash_of("key", HashSeed::random()));
}

TEST(HashIndex, FindsWhatWasInsertedAndNothingElse) {
  HashIndex index;
  EXPECT_EQ(index.find(hash(0)), nullptr);
  for (std::uint32_t n = 0; n < 5000; ++n) index.insert(hash(n), n * 2);
  for (std::uint32_t n = 0; n < 5000; ++n) {
    const std::uint32_t* found = index.find(hash(n));
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(*found, n * 2);
  }
  for (std::uint32_t n = 5000; n < 9000; ++n) EXPECT_EQ(index.find(hash(n)), nullptr);
}

TEST(HashIndex, RenumberDropsWhatIsGone) {
  HashIndex index;
  std::vector<std::uint32_t> renamed;
  for (std::uint32_t n = 0; n < 1000; ++n) {
    index.insert(hash(n), n);
    renamed.push_back(n % 2 == 0 ? 99999 : n + 5);
  }
  index.renumber(renamed, 99999);
  EXPECT_EQ(index.size(), 500U);
  EXPECT_EQ(index.find(hash(10)), nullptr);
  ASSERT_NE(index.find(hash(11)), nullptr);
  EXPECT_EQ(*index.find(hash(11)), 16U);
}

}  // namespace
}  // namespace weir
