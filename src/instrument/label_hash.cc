#include "instrument/label_hash.h"

#include <random>

namespace weir {

constinit std::atomic<std::uint64_t> g_label_hash_seed{0};

std::uint64_t choose_label_hash_seed() noexcept {
  std::random_device random;
  const std::uint64_t mine = std::uint64_t{random()} << 32U | random() | 1U;
  std::uint64_t chosen = 0;
  // Relaxed: the number is all there is to see, and the first one chosen stays.
  return g_label_hash_seed.compare_exchange_strong(chosen, mine, std::memory_order_relaxed) ? mine : chosen;
}

}  // namespace weir
