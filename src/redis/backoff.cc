#include "redis/backoff.h"

#include <algorithm>

namespace weir {

void Backoff::on_failure(Clock::time_point now, double random) noexcept {
  constexpr int kDoublings = 7;  // 50 ms · 2^7 is over the cap
  const auto longest = std::min<Clock::duration>(kCap, kBase * (1 << std::min(failures_, kDoublings)));
  const double share = random > 0 ? std::min(random, 1.0) : 0.0;
  wait_ = std::chrono::duration_cast<Clock::duration>(longest * share);
  until_ = now + wait_;
  failures_ = std::min(failures_ + 1, 1 << 30);
}

}  // namespace weir
