#include "watch/column_text.h"

#include <gtest/gtest.h>

#include <clocale>
#include <cmath>
#include <limits>

namespace weir {
namespace {

class ColumnText : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr); }
  void TearDown() override { std::setlocale(LC_CTYPE, "C"); }
};

TEST_F(ColumnText, FitsByColumnsNotBytes) {
  EXPECT_EQ(fit("äöü", 5), "äöü  ");
  EXPECT_EQ(fit("äöüß", 3), "äö~");
  EXPECT_EQ(fit("日本語", 5), "日本~");
  EXPECT_EQ(fit("日本語", 4), "日~ ");
  EXPECT_EQ(fit_right("äö", 4), "  äö");
  EXPECT_EQ(fit_right("12345", 3), "12~");
  EXPECT_EQ(fit("abc", 0), "");
  EXPECT_EQ(bytes_within("日本語", 5), 6u);
}

TEST_F(ColumnText, NothingATerminalWouldObeyRemains) {
  EXPECT_EQ(shown_text("a\x1b[2Jb\nc\x7f"), "a?[2Jb c?");
  EXPECT_EQ(shown_text(std::string("a\0b", 3)), "a?b");
  EXPECT_EQ(shown_text("\xff\xfeok\xc3"), "??ok?");
  EXPECT_EQ(shown_text("\xc2\x9b"
                       "31m"),
            "?31m");  // CSI as one C1 character
}

TEST_F(ColumnText, TextOfAnotherLocaleIsReplaced) {
  std::setlocale(LC_CTYPE, "C");
  EXPECT_EQ(shown_text("aä"), "a?");
  EXPECT_FALSE(has_blocks());
}

TEST_F(ColumnText, NumbersTakeTenColumnsAtMost) {
  EXPECT_EQ(number_text(0), "0");
  EXPECT_EQ(number_text(9999999999.0), "9999999999");
  EXPECT_EQ(number_text(1e10), "1e+10");
  EXPECT_EQ(number_text(-123456.789), "-1.235e+05");
  EXPECT_EQ(number_text(0.1234567), "0.1235");
  EXPECT_EQ(number_text(std::numeric_limits<double>::infinity()), "+Inf");
  EXPECT_EQ(number_text(-std::numeric_limits<double>::infinity()), "-Inf");
  EXPECT_EQ(number_text(std::nan("")), "NaN");
}

TEST_F(ColumnText, ChangesHaveASignAndWhatIsNotKnownIsADash) {
  EXPECT_EQ(change_text(137), "+137");
  EXPECT_EQ(change_text(-2.5), "-2.5");
  EXPECT_EQ(change_text(0), "0");
  EXPECT_EQ(rate_text(std::nan("")), "-");
  EXPECT_EQ(rate_text(12.3456), "12.35");
}

}  // namespace
}  // namespace weir
