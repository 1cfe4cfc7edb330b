#include "model/printable.h"

#include <gtest/gtest.h>

#include <string>

namespace weir {
namespace {

using namespace std::string_literals;

TEST(Printable, PlainTextAndUtf8StandAsTheyAre) {
  EXPECT_EQ(printable("http_requests"), "\"http_requests\"");
  EXPECT_EQ(printable("größe"), "\"größe\"");
  EXPECT_EQ(printable(""), "\"\"");
}

TEST(Printable, QuotesAndBackslashesAreEscaped) { EXPECT_EQ(printable(R"(a"b\c)"), R"("a\"b\\c")"); }

TEST(Printable, ControlCharactersBecomeHex) { EXPECT_EQ(printable("a\nb\0c\x7f"s), R"("a\x0ab\x00c\x7f")"); }

TEST(Printable, BrokenUtf8BecomesHex) { EXPECT_EQ(printable("a\xff"), R"("a\xff")"); }

TEST(Printable, WhatSteersATerminalOrAnEyeBecomesHex) {
  EXPECT_EQ(printable("a\xc2\x9b"
                      "5n"),
            R"("a\xc2\x9b5n")")
      << "CSI in one character";
  EXPECT_EQ(printable("a\xe2\x80\xae"
                      "b"),
            R"("a\xe2\x80\xaeb")")
      << "right-to-left override";
  EXPECT_EQ(printable("a\xe2\x80\xa8"
                      "b"),
            R"("a\xe2\x80\xa8b")")
      << "line separator";
  EXPECT_EQ(printable("\xc2\xa0–€𝄞"), "\"\xc2\xa0–€𝄞\"");
}

TEST(Printable, OneLineIsTheWholeTextWithoutQuotes) {
  EXPECT_EQ(in_one_line("counter_\x1b[31m\nweir: info: größe \"7\\8\""),
            R"(counter_\x1b[31m\x0aweir: info: größe "7\8")");
  EXPECT_EQ(in_one_line(std::string(1000, 'x')), std::string(1000, 'x'));
  EXPECT_EQ(in_one_line("\xff\x9b"
                        "5n\xc3\xa9"),
            R"(\xff\x9b5n\xc3\xa9)");
}

TEST(Printable, LongTextIsCut) {
  EXPECT_EQ(printable(std::string(120, 'x')), '"' + std::string(120, 'x') + '"');
  EXPECT_EQ(printable(std::string(121, 'x')), '"' + std::string(120, 'x') + "…\"");
}

TEST(Printable, CutNeverSplitsACharacter) {
  EXPECT_EQ(printable(std::string(119, 'x') + "€€"), '"' + std::string(119, 'x') + "…\"");
}

TEST(Printable, LongBrokenTextIsCutToo) { EXPECT_LE(printable(std::string(100000, '\x80')).size(), 500u); }

}  // namespace
}  // namespace weir
