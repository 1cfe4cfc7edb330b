// When a server that failed may be asked again: exponential waits with full jitter, so clients that lost one server
// together do not come back together.
//
//   if (!backoff.may_try(now)) …                  // fail at once, with the words of the last failure
//   if (connect()) backoff.on_success(); else backoff.on_failure(now, random);
//
// The n-th failure in a row waits random · min(cap, base · 2^(n-1)). A decision only: no clock, no randomness, no
// sleep of its own.
//
// Thread safety: one thread at a time. Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog,
// 2015.
#pragma once

#include <chrono>

namespace weir {

class Backoff {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kBase{50};
  static constexpr std::chrono::milliseconds kCap{5000};

  /// `random`: uniform in [0, 1); what is outside, or NaN, counts as the nearest of 0 and 1.
  void on_failure(Clock::time_point now, double random) noexcept;
  void on_success() noexcept { *this = Backoff(); }

  /// True before the first failure and once the wait since the last one is over.
  bool may_try(Clock::time_point now) const noexcept { return failures_ == 0 || now >= until_; }
  /// From the last failure on; zero without one.
  Clock::duration wait() const noexcept { return wait_; }
  /// In a row.
  int failures() const noexcept { return failures_; }

 private:
  Clock::duration wait_{0};
  Clock::time_point until_{};
  int failures_ = 0;
};

}  // namespace weir
