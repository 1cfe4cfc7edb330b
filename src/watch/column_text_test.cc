#include "watch/column_text.h"

#include <gmock/gmock.h>
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
  EXPECT_EQ(shown_text("a\u202eb\u2066c\u2028"), "a?b?c?") << "what turns the direction of text, or ends a line";
}

TEST_F(ColumnText, TextOfAnotherLocaleIsReplaced) {
  std::setlocale(LC_CTYPE, "C");
  EXPECT_EQ(shown_text("aä"), "a?");
  EXPECT_FALSE(has_blocks());
}

TEST_F(ColumnText, FitInTheMiddleKeepsBothEnds) {
  EXPECT_EQ(fit_middle("requests_total{path=\"/cart\"}", 15), "request~/cart\"}");
  EXPECT_EQ(fit_middle("short", 15), "short          ");
  EXPECT_EQ(fit_middle("0123456789abc", 11), fit("0123456789abc", 11)) << "too narrow for two ends";
  EXPECT_EQ(columns_of(fit_middle("aaaaaaaaaaaaaaaaaaa\u4e16\u754c\u4e16\u754c", 14)), 14U);
}

TEST_F(ColumnText, WrappedTextBreaksAtBlanksAndLosesNothing) {
  EXPECT_THAT(wrapped("one two three four", 9, 2), testing::ElementsAre("one two", "  three", "  four"));
  EXPECT_THAT(wrapped("abcdefghijkl mn", 8, 4), testing::ElementsAre("abcdefgh", "  ijkl", "  mn"));
  EXPECT_THAT(wrapped("fits", 80, 2), testing::ElementsAre("fits"));
  EXPECT_THAT(wrapped("", 80, 2), testing::ElementsAre(""));
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
