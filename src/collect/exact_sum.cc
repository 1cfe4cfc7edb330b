#include "collect/exact_sum.h"

#include <bit>
#include <cmath>
#include <limits>

namespace weir {
namespace {

constexpr int kDigitBits = 32;
constexpr std::int64_t kDigitMask = 0xFFFFFFFF;
constexpr int kSmallestExponent = -1074;

/// The integer `top` (54 significant bits at most, the last one sticky) times 2^exponent, as the nearest double.
double rounded(std::uint64_t top, int exponent) noexcept { return std::ldexp(static_cast<double>(top), exponent); }

}  // namespace

void ExactSum::add(double v) noexcept {
  if (!std::isfinite(v)) {
    not_finite_ += v;
    return;
  }
  if (v == 0) return;
  const auto bits = std::bit_cast<std::uint64_t>(v);
  const int biased = static_cast<int>((bits >> 52) & 0x7FF);
  std::uint64_t mantissa = bits & ((std::uint64_t{1} << 52) - 1);
  if (biased != 0) mantissa |= std::uint64_t{1} << 52;
  const int shift = biased == 0 ? 0 : biased - 1;  // bits above 2^-1074
  const auto digit = static_cast<std::size_t>(shift / kDigitBits);
  const int within = shift % kDigitBits;
  // The mantissa, moved left by `within`, spans at most three digits.
  const std::uint64_t low = (mantissa << within) & static_cast<std::uint64_t>(kDigitMask);
  const std::uint64_t middle = (mantissa >> (kDigitBits - within)) & static_cast<std::uint64_t>(kDigitMask);
  const std::uint64_t high = within == 0 ? 0 : mantissa >> (2 * kDigitBits - within);
  const std::int64_t sign = v < 0 ? -1 : 1;
  digits_[digit] += sign * static_cast<std::int64_t>(low);
  digits_[digit + 1] += sign * static_cast<std::int64_t>(middle);
  digits_[digit + 2] += sign * static_cast<std::int64_t>(high);
  if (++adds_ == kAddsBeforeCarry) carry();
}

void ExactSum::carry() noexcept {
  std::int64_t carried = 0;
  for (std::size_t i = 0; i + 1 < kDigits; ++i) {
    const std::int64_t digit = digits_[i] + carried;
    digits_[i] = digit & kDigitMask;
    carried = digit >> kDigitBits;  // arithmetic: rounds down, the rest stays positive
  }
  digits_[kDigits - 1] += carried;
  adds_ = 0;
}

double ExactSum::value() const noexcept {
  if (!(not_finite_ == 0)) return not_finite_;
  ExactSum plain = *this;
  plain.carry();
  const bool negative = plain.digits_[kDigits - 1] < 0;
  if (negative) {
    for (std::int64_t& digit : plain.digits_) digit = -digit;
    plain.carry();
  }
  std::size_t top = kDigits;
  while (top > 0 && plain.digits_[top - 1] == 0) --top;
  if (top == 0) return 0;
  // Gather the 64 leading bits, fold all lower ones into a sticky last bit; at least 10 bits lie below the result's
  // last place, so the one conversion to double rounds correctly. Subnormal results are exact: nothing lies below
  // 2^-1074.
  const auto leading = static_cast<std::uint64_t>(plain.digits_[top - 1]);
  const auto width = static_cast<int>(std::bit_width(leading));
  const auto digit_at = [&](std::size_t i) { return static_cast<std::uint64_t>(plain.digits_[i]); };
  // `leading` is not 0, so the shift is below 64.
  std::uint64_t gathered = leading << (64 - width);  // NOLINT(clang-analyzer-core.UndefinedBinaryOperatorResult)
  int free_bits = 64 - width;
  std::size_t next = top - 1;
  std::uint64_t rest = 0;
  while (next > 0 && free_bits > 0) {
    --next;
    const int take = free_bits < kDigitBits ? free_bits : kDigitBits;
    gathered |= (digit_at(next) >> (kDigitBits - take)) << (free_bits - take);
    if (take < kDigitBits) rest |= digit_at(next) & ((std::uint64_t{1} << (kDigitBits - take)) - 1);
    free_bits -= take;
  }
  while (next > 0) rest |= digit_at(--next);
  if (rest != 0) gathered |= 1;
  const int exponent = kSmallestExponent + kDigitBits * static_cast<int>(top - 1) + width - 64;
  const double magnitude = rounded(gathered, exponent);
  return negative ? -magnitude : magnitude;
}

}  // namespace weir
