#include "collect/exact_sum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace weir {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kMax = std::numeric_limits<double>::max();
constexpr double kTiny = std::numeric_limits<double>::denorm_min();

double exact(const std::vector<double>& terms) {
  ExactSum sum;
  for (const double v : terms) sum.add(v);
  return sum.value();
}

/// The reference: terms that are multiples of 2^-60 below 2^40 in magnitude, added as 128-bit integers and rounded by
/// hand.
double reference(const std::vector<double>& terms) {
  __extension__ using Wide = __int128;
  Wide sum = 0;
  for (const double v : terms) sum += static_cast<Wide>(std::ldexp(v, 60));
  const bool negative = sum < 0;
  if (negative) sum = -sum;
  int shift = 0;
  Wide rest = 0;
  while (sum >> shift >= (Wide{1} << 53)) ++shift;
  rest = sum & ((Wide{1} << shift) - 1);
  Wide top = sum >> shift;
  const Wide half = shift > 0 ? Wide{1} << (shift - 1) : 0;
  if (shift > 0 && (rest > half || (rest == half && (top & 1) != 0))) ++top;
  const double magnitude = std::ldexp(static_cast<double>(top), shift - 60);
  return negative ? -magnitude : magnitude;
}

std::vector<double> random_terms(std::mt19937_64& random, std::size_t count) {
  std::vector<double> terms;
  for (std::size_t i = 0; i < count; ++i) {
    // 53 random bits at a random place, cut to a multiple of 2^-60.
    const double v = std::ldexp(static_cast<double>(random() >> 11), static_cast<int>(random() % 36) - 60);
    terms.push_back((random() & 1) != 0 ? v : -v);
  }
  return terms;
}

TEST(ExactSum, EqualsTheIntegerReference) {
  std::mt19937_64 random{1};
  for (int round = 0; round < 20000; ++round) {
    const std::vector<double> terms = random_terms(random, 1 + random() % 40);
    ASSERT_EQ(exact(terms), reference(terms)) << "round " << round;
  }
}

// Made by Python's math.fsum.
TEST(ExactSum, EqualsFsumWhereDoublesFail) {
  EXPECT_EQ(exact({1e100, 1.0, -1e100}), 1.0);
  EXPECT_EQ(exact(std::vector<double>(10, 0.1)), 1.0);
  EXPECT_EQ(exact({1e16, 1.0, 1e-16}), 10000000000000002.0);
  EXPECT_EQ(exact({1e308, 1e308, -1e308}), 1e308);
  EXPECT_EQ(exact({9007199254740992.0, 1.0}), 9007199254740992.0);
  EXPECT_EQ(exact({9007199254740992.0, 1.0, kTiny}), 9007199254740994.0);
  EXPECT_EQ(exact({-9007199254740992.0, -1.0, -kTiny}), -9007199254740994.0);
  EXPECT_EQ(exact({kTiny, kTiny, -kTiny}), kTiny);
  EXPECT_EQ(exact({2.2250738585072014e-308, -kTiny}), 2.225073858507201e-308);
}

TEST(ExactSum, BeyondTheLargestDoubleIsInfinite) {
  EXPECT_EQ(exact({kMax, kMax}), kInf);
  EXPECT_EQ(exact({-kMax, -kMax}), -kInf);
  EXPECT_EQ(exact({kMax, kMax, -kMax}), kMax);
}

TEST(ExactSum, KeepsInfinitiesAndNan) {
  EXPECT_EQ(exact({kInf, 1, kMax}), kInf);
  EXPECT_TRUE(std::isnan(exact({kInf, -kInf})));
  EXPECT_TRUE(std::isnan(exact({1, std::numeric_limits<double>::quiet_NaN()})));
}

TEST(ExactSum, IsZeroWhenNothingOrEverythingCancels) {
  EXPECT_EQ(exact({}), 0);
  EXPECT_EQ(exact({1e300, 1e-300, -1e300, -1e-300}), 0);
}

TEST(ExactSum, DoesNotDependOnOrder) {
  std::mt19937_64 random{2};
  for (int round = 0; round < 2000; ++round) {
    std::vector<double> terms;
    for (int i = 0; i < 30; ++i) terms.push_back(std::bit_cast<double>(random() & ~(std::uint64_t{1} << 62)));
    const double sum = exact(terms);
    std::shuffle(terms.begin(), terms.end(), random);
    ASSERT_EQ(exact(terms), sum);
  }
}

TEST(PairSum, IsExactAsLongAsItSaysSo) {
  std::mt19937_64 random{3};
  int pairs = 0;
  for (int round = 0; round < 20000; ++round) {
    const std::vector<double> terms = random_terms(random, 1 + random() % 20);
    PairSum pair;
    if (!std::all_of(terms.begin(), terms.end(), [&](double v) { return pair.add(v); })) continue;
    ++pairs;
    ASSERT_EQ(pair.value(), reference(terms));
  }
  EXPECT_GT(pairs, 1000);
}

TEST(PairSum, RefusesWhatIsNotFinite) {
  PairSum pair{1, 0};
  EXPECT_FALSE(pair.add(kInf));
  EXPECT_FALSE(pair.add(std::numeric_limits<double>::quiet_NaN()));
  EXPECT_EQ(pair.value(), 1);
}

/// A counter's total never falls by a last bit when a dead process's part is folded (I2, P4).
TEST(ExactSum, PartsFoldedAsTheirExactSumsGiveTheSameTotal) {
  std::mt19937_64 random{4};
  for (int round = 0; round < 2000; ++round) {
    std::vector<double> terms;
    for (int i = 0; i < 12; ++i) terms.push_back(static_cast<double>(random() % 1000000) * 0.001);
    const double before = exact(terms);
    PairSum part;
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(part.add(terms[static_cast<std::size_t>(i)]));
    std::vector<double> folded{part.high, part.low};
    folded.insert(folded.end(), terms.begin() + 5, terms.end());
    ASSERT_EQ(exact(folded), before);
  }
}

}  // namespace
}  // namespace weir
