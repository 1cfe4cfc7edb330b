#include "format/db_walk.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace weir {
namespace {

constexpr RecordLayout kCurrent = RecordLayout::value_timestamp;
constexpr RecordLayout kOld = RecordLayout::value_only;
constexpr std::string_view kKey = R"(["c", "c_total", {}, "h"])";

std::string entry(std::string_view key, RecordLayout layout, double value = 1.5, double timestamp = 1.7e9) {
  std::string bytes(entry_size(key.size(), layout), ' ');
  const auto length = static_cast<std::int32_t>(key.size());
  std::memcpy(bytes.data(), &length, 4);
  std::memcpy(bytes.data() + 4, key.data(), key.size());
  std::memcpy(bytes.data() + value_offset(key.size()), &value, 8);
  if (layout == kCurrent) std::memcpy(bytes.data() + value_offset(key.size()) + 8, &timestamp, 8);
  return bytes;
}

struct Walked {
  std::vector<std::string> keys;
  DbWalk::Stop stop;
  std::size_t position;
};
Walked walked(std::string_view window, std::size_t used, RecordLayout layout, std::size_t offset = 8) {
  DbWalk walk{window, offset, used, layout};
  Walked result;
  for (DbEntry entry; walk.next(entry);) result.keys.emplace_back(entry.key);
  result.stop = walk.stop();
  result.position = walk.position();
  return result;
}

LayoutVerdict judged(const std::string& entries) { return judge_layout(entries, 8, 8 + entries.size()); }

TEST(DbWalk, MeetsEveryEntryOnce) {
  const std::string bytes = entry("[1]", kCurrent) + entry("[22]", kCurrent) + entry("[333]", kCurrent);
  const Walked result = walked(bytes, 8 + bytes.size(), kCurrent);
  EXPECT_EQ(result.keys, (std::vector<std::string>{"[1]", "[22]", "[333]"}));
  EXPECT_EQ(result.stop, DbWalk::Stop::at_end);
  EXPECT_EQ(result.position, 8 + bytes.size());
}

TEST(DbWalk, SpacesAtTheKeysEndAreNotTheKeys) {
  const std::string bytes = entry("[1]          ", kCurrent);
  EXPECT_EQ(walked(bytes, 8 + bytes.size(), kCurrent).keys, std::vector<std::string>{"[1]"});
}

TEST(DbWalk, ValuesLieOnEightByteBoundaries) {
  for (std::size_t length = 1; length < 40; ++length) {
    const std::string bytes = entry(std::string(length, 'k'), kOld, 2.25);
    DbWalk walk{bytes, 8, 8 + bytes.size(), kOld};
    DbEntry met;
    ASSERT_TRUE(walk.next(met));
    EXPECT_EQ(met.value_offset % 8, 0U);
    double value = 0;
    std::memcpy(&value, bytes.data() + met.value_offset - 8, 8);
    EXPECT_EQ(value, 2.25);
  }
}

TEST(DbWalk, StopsBeforeEntriesThatAreNotWhole) {
  const std::string first = entry("[1]", kCurrent);
  const std::string bytes = first + entry("[22]", kCurrent);
  for (std::size_t used = 9 + first.size(); used < 8 + bytes.size(); ++used) {
    const Walked result = walked(bytes, used, kCurrent);
    EXPECT_EQ(result.keys.size(), 1U);
    EXPECT_EQ(result.stop, DbWalk::Stop::beyond_used);
    EXPECT_EQ(result.position, 8 + first.size());
  }
}

TEST(DbWalk, StopsAtTheWindowsEndAndGoesOnInTheNext) {
  const std::string first = entry("[1]", kCurrent);
  const std::string bytes = first + entry("[22]", kCurrent);
  for (std::size_t size = first.size(); size < bytes.size(); ++size) {
    const Walked result = walked(std::string_view{bytes}.substr(0, size), 8 + bytes.size(), kCurrent);
    ASSERT_EQ(result.stop, DbWalk::Stop::at_window);
    const Walked rest =
        walked(std::string_view{bytes}.substr(result.position - 8), 8 + bytes.size(), kCurrent, result.position);
    EXPECT_EQ(rest.keys, std::vector<std::string>{"[22]"});
  }
}

TEST(DbWalk, RefusesLengthsThatNoKeyHas) {
  for (const std::int32_t length : {0, -1, INT32_MIN, INT32_MAX, static_cast<std::int32_t>(kMaxKeyLength) + 1}) {
    std::string bytes = entry("[1]", kCurrent);
    std::memcpy(bytes.data(), &length, 4);
    EXPECT_EQ(walked(bytes, 8 + bytes.size(), kCurrent).stop, DbWalk::Stop::bad_length) << length;
  }
}

TEST(JudgeLayout, ALoneEntryIsToldByWhereItEnds) {
  for (std::size_t spaces = 0; spaces < 9; ++spaces) {
    const std::string key = std::string{kKey} + std::string(spaces, ' ');
    EXPECT_EQ(judged(entry(key, kCurrent)).layout, kCurrent);
    EXPECT_EQ(judged(entry(key, kOld)).layout, kOld);
  }
}

TEST(JudgeLayout, ManyEntriesAreToldByTheirKeys) {
  for (const double timestamp : {0.0, 1.7e9, -1.0}) {
    std::string current;
    std::string old;
    for (int i = 0; i < 5; ++i) {
      current += entry(kKey, kCurrent, 0, timestamp);
      old += entry(kKey, kOld, timestamp);
    }
    EXPECT_EQ(judged(current).layout, kCurrent);
    EXPECT_EQ(judged(old).layout, kOld);
    EXPECT_EQ(judged(old).keys, 5U);
  }
}

TEST(JudgeLayout, ADamagedFirstKeyDoesNotHideTheLayout) {
  EXPECT_EQ(judged(entry("{bad}", kOld) + entry(kKey, kOld) + entry(kKey, kOld)).layout, kOld);
  EXPECT_EQ(judged(entry("{bad}", kCurrent) + entry(kKey, kCurrent) + entry(kKey, kCurrent)).layout, kCurrent);
}

TEST(JudgeLayout, ADamagedTailDoesNotHideTheLayout) {
  const std::string tail(16, '\xff');
  EXPECT_EQ(judged(entry(kKey, kOld) + entry(kKey, kOld) + tail).layout, kOld);
  EXPECT_EQ(judged(entry(kKey, kCurrent) + entry(kKey, kCurrent) + tail).layout, kCurrent);
}

TEST(JudgeLayout, WithoutEvidenceItIsTheCurrentOne) {
  EXPECT_EQ(judged("").layout, kCurrent);
  EXPECT_EQ(judged(std::string(64, 'x')).keys, 0U);
}

}  // namespace
}  // namespace weir
