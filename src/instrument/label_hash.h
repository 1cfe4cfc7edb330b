// A hash of label values for finding children: fast on short strings, seeded at random once a process so that hostile
// label values cannot be made to collide.
//
// Method: up to 16 bytes at a time folded by a 64 × 64 → 128 bit multiplication (the scheme of wyhash). Both factors
// hold the seed: a constant one could be cancelled by a label value that equals it, and the product would be 0 for all.
// Thread safety: pure but for the seed, which is constant.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace weir {

// No function static: a child forked while its guard is held would wait for ever (storage/setup_lock.h).
extern constinit std::atomic<std::uint64_t> g_label_hash_seed;  ///< 0: not chosen yet
std::uint64_t choose_label_hash_seed() noexcept;

// Inline, with its parts, because labels() is nothing but this and a look into the index.
inline std::uint64_t hash_label_values(std::span<const std::string_view> values) noexcept {
  constexpr std::uint64_t kOdd1 = 0x9e3779b97f4a7c15U;
  constexpr std::uint64_t kOdd2 = 0xe7037ed1a0b428dbU;
  const auto fold = [](std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
  };
  const auto load = [](const char* from, auto word) noexcept {
    std::memcpy(&word, from, sizeof word);
    return std::uint64_t{word};
  };

  std::uint64_t h = g_label_hash_seed.load(std::memory_order_relaxed);  // relaxed: the number is all there is to see
  if (h == 0) [[unlikely]]
    h = choose_label_hash_seed();
  const std::uint64_t other = h ^ kOdd2;
  for (const std::string_view value : values) {
    const char* data = value.data();
    std::size_t n = value.size();
    for (; n > 16; n -= 16, data += 16)
      h = fold(h ^ load(data, std::uint64_t{}), other ^ load(data + 8, std::uint64_t{}));
    // The last 16 bytes or fewer as two words that overlap; the length tells apart what they cannot.
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    if (n >= 8) {
      first = load(data, std::uint64_t{});
      last = load(data + n - 8, std::uint64_t{});
    } else if (n >= 4) {
      first = load(data, std::uint32_t{});
      last = load(data + n - 4, std::uint32_t{});
    } else if (n > 0) {
      first = load(data, std::uint8_t{}) << 8U | load(data + n / 2, std::uint8_t{});
      last = load(data + n - 1, std::uint8_t{});
    }
    h = fold(h ^ first, (other + value.size() * kOdd1) ^ last);
  }
  return h;
}

}  // namespace weir
