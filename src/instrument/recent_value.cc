#include "instrument/recent_value.h"

#include "instrument/unix_time.h"

#include <bit>
#include <cstdint>
#include <cstring>

// Compiled with -mcx16 on x86-64, so that the compare-and-swap is one instruction and not a library call.

namespace weir {
namespace {

__extension__ using Pair = unsigned __int128;

Pair pack(double value, double timestamp) noexcept {
  return static_cast<Pair>(std::bit_cast<std::uint64_t>(timestamp)) << 64U | std::bit_cast<std::uint64_t>(value);
}

// Threads that stamp at the same time are apart by less; a clock that was set back, by more.
constexpr double kClockWasSet = 1.0;

}  // namespace

double stamp_after(double newest) noexcept {
  const double now = unix_now();
  return newest > now + kClockWasSet ? newest : now;
}

void store_if_newer(Cell& cell, double value, double timestamp) noexcept {
  static_assert(std::endian::native == std::endian::little, "pack() puts the value first in memory");
  auto* const unit = reinterpret_cast<Pair*>(&cell);
  const Pair wanted = pack(value, timestamp);
  // A first guess from two relaxed loads; if it mixes two pairs the swap fails and tells the true one.
  Pair seen = pack(cell.value.load(std::memory_order_relaxed), cell.timestamp.load(std::memory_order_relaxed));
  for (;;) {
    if (std::bit_cast<double>(static_cast<std::uint64_t>(seen >> 64U)) > timestamp) return;
    const Pair found = __sync_val_compare_and_swap(unit, seen, wanted);
    if (found == seen) return;
    seen = found;
  }
}

}  // namespace weir
