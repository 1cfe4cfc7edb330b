#include "format/plain_key.h"

#include <gtest/gtest.h>

#include <string>

namespace weir {
namespace {

bool is_plain(const std::string& json) {
  MetricKey key;
  return read_plain_key(json, key);
}

TEST(PlainKey, UsualKeysAreReadWhole) {
  MetricKey key;
  key.labels = {{"old", "x"}, {"older", "y"}, {"oldest", "z"}};
  ASSERT_TRUE(read_plain_key(R"(["m", "m_bucket", {"a": "{1}, [2]", "le": "+Inf"}, "Help: a, b."]   )", key));
  EXPECT_EQ(key.metric_name, "m");
  EXPECT_EQ(key.sample_name, "m_bucket");
  EXPECT_EQ(key.labels, (Labels{{"a", "{1}, [2]"}, {"le", "+Inf"}}));
  EXPECT_EQ(key.help, "Help: a, b.");
  ASSERT_TRUE(read_plain_key(R"(["", "", {}, ""])", key));
  EXPECT_TRUE(key.metric_name.empty() && key.sample_name.empty() && key.labels.empty() && key.help.empty());
}

TEST(PlainKey, WhatNeedsAJsonParserIsLeftToOne) {
  for (const char* other :
       {R"(["m", "s", {}, "\n"])", R"(["m", "s", {}, "é"])", R"(["m","s",{},"h"])", R"( ["m", "s", {}, "h"])",
        R"(["m", "s", {"a": 1}, "h"])", R"(["m", "s", {"b": "1", "a": "2"}, "h"])",
        R"(["m", "s", {"a": "1", "a": "2"}, "h"])", "[\"m\", \"s\", {}, \"\x7f\"]", "[\"m\", \"s\", {}, \"\t\"]"}) {
    EXPECT_FALSE(is_plain(other)) << other;
  }
}

TEST(PlainKey, EveryCutAndEveryForeignByteIsLeftToTheParserOrRefused) {
  const std::string whole = R"(["m", "s", {"a": "1", "b": "2"}, "h"])";
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(is_plain(whole.substr(0, size))) << size;
  EXPECT_FALSE(is_plain(whole + "]"));
  EXPECT_FALSE(is_plain(whole + " x"));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string broken = whole;
    broken[at] = '"';
    MetricKey key;
    if (broken != whole && read_plain_key(broken, key)) {
      ADD_FAILURE() << broken;
    }
  }
}

}  // namespace
}  // namespace weir
