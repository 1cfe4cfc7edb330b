#include "collect/sort_by_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace weir {
namespace {

std::vector<std::uint32_t> sorted(const std::vector<std::string>& texts) {
  std::vector<NumberedText> items;
  for (const std::string& text : texts)
    items.push_back({.text = text, .number = static_cast<std::uint32_t>(items.size())});
  sort_by_text(items);
  std::vector<std::uint32_t> order;
  for (const NumberedText& item : items) order.push_back(item.number);
  return order;
}

std::vector<std::uint32_t> expected(const std::vector<std::string>& texts) {
  std::vector<std::uint32_t> order(texts.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return texts[a] < texts[b]; });
  return order;
}

TEST(SortByText, EqualsAPlainSort) {
  std::mt19937 random{1};
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> texts;
    for (std::size_t i = 0, count = random() % 200; i < count; ++i) {
      std::string text(random() % 3 * 9, 'p');
      for (std::size_t c = 0, length = random() % 20; c < length; ++c) text += static_cast<char>(random() % 4 * 85);
      texts.push_back(std::move(text));
    }
    ASSERT_EQ(sorted(texts), expected(texts)) << "round " << round;
  }
}

TEST(SortByText, TellsTextsThatDifferInZeroBytesAtTheirEnd) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 40; ++i) texts.push_back("same" + std::string(40 - i, '\0'));
  EXPECT_EQ(sorted(texts), expected(texts));
}

TEST(SortByText, EqualTextsStayInOrderOfTheirNumbers) {
  EXPECT_EQ(sorted(std::vector<std::string>(30, "same")), expected(std::vector<std::string>(30, "same")));
}

}  // namespace
}  // namespace weir
