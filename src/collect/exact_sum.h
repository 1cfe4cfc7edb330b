// Exact sums of doubles: correctly rounded, whatever the order of the terms (protocol P4).
//
//   ExactSum sum;
//   for (double v : values) sum.add(v);
//   double total = sum.value();                  // as Python's math.fsum
//
// Prometheus takes a fall of one last bit for a counter reset, and plain double sums change with file order. ExactSum
// is a fixed-point number wide enough for every double: 32-bit digits in 64-bit words, so that carries wait. It is 600
// bytes and slow (about 10 ns an add), so sums run as a PairSum first and move here only when that is not exact.
//
// Thread safety: plain values. Invariants: I2 (no fall by one last bit).
// Sources: T. J. Dekker 1971 and D. E. Knuth, TAOCP 2, 4.2.2 (TwoSum); U. Kulisch (the long accumulator).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace weir {

/// Rounded sum and its rounding error: sum + error == a + b exactly. When anything is not finite, error is NaN.
struct TwoSum {
  double sum;
  double error;
};
inline TwoSum two_sum(double a, double b) noexcept {
  const double sum = a + b;
  const double from_b = sum - a;
  const double error = (a - (sum - from_b)) + (b - from_b);
  return {sum, error};
}

/// Every finite double, and sums of up to 2^30 of them, without rounding.
class ExactSum {
 public:
  void add(double v) noexcept;
  void clear() noexcept { *this = ExactSum{}; }
  /// Nearest double, ties to even; infinite beyond the largest. With infinities or NaN among the terms: what adding
  /// those gives.
  double value() const noexcept;

 private:
  // Digit i weighs 2^(32 i - 1074); 2^1024 and the carries of 2^30 terms fit in 68 digits.
  static constexpr std::size_t kDigits = 68;
  static constexpr std::uint32_t kAddsBeforeCarry = 1U << 30;
  std::array<std::int64_t, kDigits> digits_{};
  double not_finite_ = 0;  ///< sum of the infinities and NaNs met
  std::uint32_t adds_ = 0;

  void carry() noexcept;
};

/// A sum in two doubles whose exact value is `high + low`, while add() says so.
struct PairSum {
  double high = 0;
  double low = 0;
  /// False when `v` would make the pair inexact (or anything is not finite): the pair is as before, go on with an
  /// ExactSum.
  bool add(double v) noexcept {
    const TwoSum first = two_sum(high, v);
    const TwoSum second = two_sum(low, first.error);
    if (!(second.error == 0)) return false;
    high = first.sum;
    low = second.sum;
    return true;
  }
  /// Adding two doubles rounds correctly, so this is the exact sum rounded once.
  double value() const noexcept { return high + low; }
};

}  // namespace weir
