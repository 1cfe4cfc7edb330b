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
