#include "format/number.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/error.h"

namespace weir {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

using Writer = char* (*)(char*, double) noexcept;

/// Fails when the writer leaves its room.
std::string written(Writer write, double v) {
  std::string room(kMaxNumberLength + 8, '#');
  const char* const end = write(room.data(), v);
  EXPECT_EQ(room.substr(kMaxNumberLength), "########") << v;
  return std::string(room.data(), static_cast<std::size_t>(end - room.data()));
}
std::string go(double v) { return written(write_go_number, v); }
std::string openmetrics(double v) { return written(write_openmetrics_number, v); }
std::string python(double v) { return written(write_python_number, v); }

// Printed by Go 1.26: strconv.FormatFloat(v, 'g', -1, 64).
TEST(GoNumber, IsSpelledAsGoSpellsIt) {
  const std::vector<std::pair<double, std::string_view>> goldens{{0.0, "0"},
                                                                 {-0.0, "-0"},
                                                                 {1, "1"},
                                                                 {-1, "-1"},
                                                                 {7, "7"},
                                                                 {10, "10"},
                                                                 {99, "99"},
                                                                 {100, "100"},
                                                                 {65536, "65536"},
                                                                 {100000, "100000"},
                                                                 {123456, "123456"},
                                                                 {250000, "250000"},
                                                                 {999999, "999999"},
                                                                 {-999999, "-999999"},
                                                                 {1e6, "1e+06"},
                                                                 {-1e6, "-1e+06"},
                                                                 {1000001, "1.000001e+06"},
                                                                 {5000000, "5e+06"},
                                                                 {123456789, "1.23456789e+08"},
                                                                 {1700000000, "1.7e+09"},
                                                                 {1700000000.123, "1.700000000123e+09"},
                                                                 {1234567.5, "1.2345675e+06"},
                                                                 {999999.5, "999999.5"},
                                                                 {999999.9999999999, "999999.9999999999"},
                                                                 {-123456.789, "-123456.789"},
                                                                 {1234.5678, "1234.5678"},
                                                                 {12.345, "12.345"},
                                                                 {2.5, "2.5"},
                                                                 {0.5, "0.5"},
                                                                 {0.1, "0.1"},
                                                                 {0.3, "0.3"},
                                                                 {0.1 + 0.2, "0.30000000000000004"},
                                                                 {0.005, "0.005"},
                                                                 {0.001, "0.001"},
                                                                 {0.000999, "0.000999"},
                                                                 {0.0001, "0.0001"},
                                                                 {0.00012, "0.00012"},
                                                                 {0.00001, "1e-05"},
                                                                 {9.999e-5, "9.999e-05"},
                                                                 {9.5367431640625e-07, "9.5367431640625e-07"},
                                                                 {3.141592653589793, "3.141592653589793"},
                                                                 {33.333333333333336, "33.333333333333336"},
                                                                 {99999999999999.99, "9.999999999999998e+13"},
                                                                 {999999999999999, "9.99999999999999e+14"},
                                                                 {1e15, "1e+15"},
                                                                 {4503599627370496.5, "4.503599627370496e+15"},
                                                                 {9007199254740992, "9.007199254740992e+15"},
                                                                 {9007199254740993, "9.007199254740992e+15"},
                                                                 {1e16, "1e+16"},
                                                                 {123456789012345680, "1.2345678901234568e+17"},
                                                                 {1e20, "1e+20"},
                                                                 {1e21, "1e+21"},
                                                                 {1e22, "1e+22"},
                                                                 {1e23, "1e+23"},
                                                                 {1e100, "1e+100"},
                                                                 {1e-100, "1e-100"},
                                                                 {5e-324, "5e-324"},
                                                                 {2.2250738585072014e-308, "2.2250738585072014e-308"},
                                                                 {-1.7976931348623157e308, "-1.7976931348623157e+308"},
                                                                 {9.0608011534336e15, "9.0608011534336e+15"},
                                                                 {4.708356024711512e18, "4.708356024711512e+18"},
                                                                 {2e-44, "2e-44"},
                                                                 {kInf, "+Inf"},
                                                                 {-kInf, "-Inf"},
                                                                 {kNan, "NaN"},
                                                                 {-kNan, "NaN"}};
  for (const auto& [value, text] : goldens) EXPECT_EQ(go(value), text);
}

TEST(OpenMetricsNumber, WholeNumbersGetAPoint) {
  EXPECT_EQ(openmetrics(0), "0.0");
  EXPECT_EQ(openmetrics(-0.0), "-0.0");
  EXPECT_EQ(openmetrics(17), "17.0");
  EXPECT_EQ(openmetrics(999999), "999999.0");
  EXPECT_EQ(openmetrics(0.25), "0.25");
  EXPECT_EQ(openmetrics(1e6), "1e+06");
  EXPECT_EQ(openmetrics(1e-5), "1e-05");
  EXPECT_EQ(openmetrics(kInf), "+Inf");
  EXPECT_EQ(openmetrics(-kInf), "-Inf");
  EXPECT_EQ(openmetrics(kNan), "NaN");
}

TEST(PythonNumber, IsSpelledAsReprSpellsIt) {
  const std::vector<std::pair<double, std::string_view>> goldens{{0, "0.0"},
                                                                 {-0.0, "-0.0"},
                                                                 {1, "1.0"},
                                                                 {-2.5, "-2.5"},
                                                                 {0.1, "0.1"},
                                                                 {1e6, "1000000.0"},
                                                                 {1234567.5, "1234567.5"},
                                                                 {0.0001, "0.0001"},
                                                                 {0.00001, "1e-05"},
                                                                 {1e15, "1000000000000000.0"},
                                                                 {9007199254740993, "9007199254740992.0"},
                                                                 {9999999999999998, "9999999999999998.0"},
                                                                 {1e16, "1e+16"},
                                                                 {1.5e16, "1.5e+16"},
                                                                 {1e22, "1e+22"},
                                                                 {5e-324, "5e-324"},
                                                                 {0.1 + 0.2, "0.30000000000000004"},
                                                                 {-1.7976931348623157e308, "-1.7976931348623157e+308"},
                                                                 {-0.00012345678901234567, "-0.00012345678901234567"},
                                                                 {kInf, "inf"},
                                                                 {-kInf, "-inf"},
                                                                 {kNan, "nan"}};
  for (const auto& [value, text] : goldens) EXPECT_EQ(python(value), text);
}

// Printed by prometheus_client.utils.floatToGoString, its `e+010` included: Python's buckets and ours must be one
// series.
TEST(BucketBound, IsSpelledAsThePythonClientSpellsIt) {
  const std::vector<std::pair<double, std::string_view>> goldens{{0.005, "0.005"},
                                                                 {0.1, "0.1"},
                                                                 {1, "1.0"},
                                                                 {2.5, "2.5"},
                                                                 {10, "10.0"},
                                                                 {0, "0.0"},
                                                                 {-0.0, "-0.0"},
                                                                 {-1, "-1.0"},
                                                                 {-1e6, "-1000000.0"},
                                                                 {999999, "999999.0"},
                                                                 {1e6, "1e+06"},
                                                                 {1234567, "1.234567e+06"},
                                                                 {1234567.5, "1.2345675e+06"},
                                                                 {1e10, "1e+010"},
                                                                 {12345678901, "1.2345678901e+010"},
                                                                 {1e15, "1e+015"},
                                                                 {1e16, "1e+16"},
                                                                 {1.5e16, "1.5e+16"},
                                                                 {1e-5, "1e-05"},
                                                                 {0.0001, "0.0001"},
                                                                 {2000000, "2e+06"},
                                                                 {kInf, "+Inf"},
                                                                 {-kInf, "-Inf"},
                                                                 {kNan, "NaN"}};
  for (const auto& [value, text] : goldens) EXPECT_EQ(bucket_bound(value), text);
}

TEST(ParseNumber, ReadsEverySpelling) {
  EXPECT_EQ(parse_number("1"), 1);
  EXPECT_EQ(parse_number("+1.5"), 1.5);
  EXPECT_EQ(parse_number("-1.0"), -1);
  EXPECT_EQ(parse_number("1e+06"), 1e6);
  EXPECT_EQ(parse_number("1.2345678901e+010"), 12345678901);
  EXPECT_EQ(parse_number("5e-324"), 5e-324);
  for (const char* inf : {"+Inf", "Inf", "inf", "+inf", "Infinity"}) EXPECT_EQ(parse_number(inf), kInf) << inf;
  for (const char* inf : {"-Inf", "-inf"}) EXPECT_EQ(parse_number(inf), -kInf) << inf;
  for (const char* nan : {"NaN", "nan"}) EXPECT_TRUE(std::isnan(parse_number(nan))) << nan;
  EXPECT_TRUE(std::signbit(parse_number("-0.0")));
}

TEST(ParseNumber, AnythingElseIsRefusedByName) {
  for (const char* bad : {"",   " ",   "+",    "-",      "+-1",   "++1", "1 ", " 1",    "1,5", "0x10",
                          "1e", "abc", "1.5x", "nan(1)", "1_000", "e5",  ".",  "infin", "--1", "+ 1"}) {
    EXPECT_THROW(parse_number(bad), FormatError) << bad;
  }
  for (const char* bad : {"1e400", "-1e400", "1e-400"}) EXPECT_THROW(parse_number(bad), FormatError) << bad;
  EXPECT_THROW(parse_number(std::string_view("1\0", 2)), FormatError);
  try {
    parse_number("1,5");
    FAIL();
  } catch (const FormatError& error) {
    EXPECT_NE(std::string_view(error.what()).find("\"1,5\""), std::string_view::npos);
  }
}

/// Doubles as metrics have them, and any bit pattern.
std::vector<double> many_doubles() {
  std::mt19937_64 random(20260101);
  std::vector<double> values;
  for (int i = 0; i < 200000; ++i) {
    const double bits = std::bit_cast<double>(random());
    if (std::isfinite(bits)) values.push_back(bits);
    const double whole = static_cast<double>(random() >> (random() % 64));
    values.push_back(whole);
    values.push_back(whole / 1000);
    values.push_back(-whole / 1e6);
    values.push_back(std::ldexp(1.0, static_cast<int>(random() % 2098) - 1074));
  }
  return values;
}

TEST(Numbers, EveryWriterReadsBackTheSameBits) {
  for (const double v : many_doubles()) {
    for (const Writer write : {&write_go_number, &write_openmetrics_number, &write_python_number}) {
      const std::string text = written(write, v);
      ASSERT_EQ(std::bit_cast<std::uint64_t>(parse_number(text)), std::bit_cast<std::uint64_t>(v)) << text;
    }
    const std::string bound = bucket_bound(v);
    ASSERT_EQ(parse_number(bound), v) << bound;
  }
}

/// The digits alone: no sign, point, exponent, or zeros at the ends.
std::string digits_in(std::string text) {
  text.erase(std::min(text.find('e'), text.size()));
  std::erase_if(text, [](char c) { return c == '.' || c == '-'; });
  text.erase(0, text.find_first_not_of('0'));
  return text.substr(0, text.find_last_not_of('0') + 1);
}

TEST(Numbers, NoDecimalOfFewerDigitsReadsBack) {
  std::vector<double> values = many_doubles();
  values.resize(100000);
  for (const double v : values) {
    char shortest[64];
    int precision = 0;
    do std::snprintf(shortest, sizeof shortest, "%.*e", precision, v);
    while (std::strtod(shortest, nullptr) != v && ++precision < 17);
    const std::string ours = go(v);
    ASSERT_LE(digits_in(ours).size(), digits_in(shortest).size()) << ours << ' ' << shortest;
    if (precision < 15) {
      ASSERT_EQ(digits_in(ours), digits_in(shortest));
    }
  }
}

}  // namespace
}  // namespace weir
