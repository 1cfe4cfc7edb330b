#include "collect/sort_by_text.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <span>

namespace weir {
namespace {

constexpr std::size_t kFewItems = 12;

std::uint64_t chunk_at(std::string_view text, std::size_t depth) noexcept {
  if (text.size() <= depth) return 0;
  std::uint64_t word = 0;
  std::memcpy(&word, text.data() + depth, std::min(text.size() - depth, sizeof word));
  if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
  return word;
}

bool by_text(const NumberedText& a, const NumberedText& b) noexcept {
  const int order = a.text.compare(b.text);
  return order != 0 ? order < 0 : a.number < b.number;
}

std::size_t common_beginning(std::span<const NumberedText> items) noexcept {
  const std::string_view first = items.front().text;
  std::size_t common = first.size();
  for (const NumberedText& item : items) {
    const std::size_t most = std::min(common, item.text.size());
    if (most == common && std::memcmp(first.data(), item.text.data(), common) == 0) continue;
    common = static_cast<std::size_t>(
        std::mismatch(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(most), item.text.begin()).first -
        first.begin());
  }
  return common;
}

/// Sorts items whose first bytes are all equal. Each level of recursion steps over the next common beginning and eight
/// bytes more, and hands on only runs that are equal so far: at most the longest text / 8 levels.
void sort_run(std::span<NumberedText> items) {
  if (items.size() <= kFewItems) {
    std::sort(items.begin(), items.end(), by_text);
    return;
  }
  const std::size_t depth = common_beginning(items);
  for (NumberedText& item : items) item.chunk = chunk_at(item.text, depth);
  std::sort(items.begin(), items.end(), [](const NumberedText& a, const NumberedText& b) { return a.chunk < b.chunk; });
  for (std::size_t begin = 0; begin < items.size();) {
    std::size_t end = begin + 1;
    while (end < items.size() && items[end].chunk == items[begin].chunk) ++end;
    const auto run = items.subspan(begin, end - begin);
    // A run as large as before means equal chunks everywhere: texts that are equal but for zero bytes at their end.
    if (run.size() == items.size()) {
      std::sort(run.begin(), run.end(), by_text);
    } else if (run.size() > 1) {
      sort_run(run);
    }
    begin = end;
  }
}

}  // namespace

void sort_by_text(std::vector<NumberedText>& items) { sort_run(items); }

}  // namespace weir
