#include "format/json_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>

#include "weir/error.h"

namespace weir {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

MetricKey read(std::string_view json) {
  KeyParser parser;
  MetricKey key;
  parser.parse(json, key);
  return key;
}
std::string refusal(std::string_view json) {
  try {
    read(json);
  } catch (const FormatError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(JsonKey, IsWhatPythonWrites) {
  EXPECT_EQ(json_key("requests", "requests_total", {{"code", "200"}, {"method", "GET"}}, "Requests served."),
            R"(["requests", "requests_total", {"code": "200", "method": "GET"}, "Requests served."])");
  EXPECT_EQ(json_key("a", "a", {}, ""), R"(["a", "a", {}, ""])");
}

TEST(JsonKey, LabelsAreSortedWhateverTheirOrder) {
  EXPECT_EQ(json_key("a", "a", {{"z", "1"}, {"b", "2"}, {"Z", "3"}}, ""),
            R"(["a", "a", {"Z": "3", "b": "2", "z": "1"}, ""])");
}

TEST(JsonKey, AsciiIsEscapedAsPythonEscapesIt) {
  EXPECT_EQ(json_key("a", "a", {}, "\"\\/\b\f\n\r\t\0\x01\x1f\x7f~ "s),
            R"(["a", "a", {}, "\"\\/\b\f\n\r\t\u0000\u0001\u001f\u007f~ "])");
}

TEST(JsonKey, EverythingElseIsEscapedByItsUtf16Units) {
  EXPECT_EQ(json_key("a", "a", {{"ä", "€"}}, "\u0080\u2028\uffff\U00010000\U0010ffff😀"),
            R"(["a", "a", {"\u00e4": "\u20ac"}, "\u0080\u2028\uffff\ud800\udc00\udbff\udfff\ud83d\ude00"])");
}

TEST(JsonKey, BytesThatAreNoCharacterBecomeTheReplacement) {
  const std::string r = R"(\ufffd)";
  for (const auto& [bad, count] : {std::pair{"\xff", 1},
                                   {"\xc0\x80", 2},
                                   {"\xed\xa0\x80", 3},
                                   {"\xf4\x90\x80\x80", 4},
                                   {"\xe2\x82", 2},
                                   {"\x80", 1},
                                   {"\xf8\x88\x80\x80\x80", 5},
                                   {"\xc3\"", 1}}) {
    std::string expected = R"(["a", "a", {}, ")";
    for (int i = 0; i < count; ++i) expected += r;
    if (bad == "\xc3\""s) expected += R"(\")";
    EXPECT_EQ(json_key("a", "a", {}, bad), expected + "\"]");
  }
}

TEST(KeyParser, ReadsWhatIsWritten) {
  const Labels labels{{"", "empty name"}, {"a", ""}, {"b", "\"\\\n\x01\x7f"}, {"le", "+Inf"}, {"ä", "😀\u2028"}};
  const MetricKey key = read(json_key("näme", "sample", labels, "help 😀\0"s));
  EXPECT_EQ(key.metric_name, "näme");
  EXPECT_EQ(key.sample_name, "sample");
  EXPECT_EQ(key.labels, labels);
  EXPECT_EQ(key.help, "help 😀\0"s.substr(0, key.help.size()));
}

TEST(KeyParser, BuffersOfTheLastKeyLeaveNothingBehind) {
  KeyParser parser;
  MetricKey key;
  parser.parse(json_key("long metric name", "long sample name", {{"a", "1"}, {"b", "2"}, {"c", "3"}}, "long help"),
               key);
  parser.parse(json_key("m", "s", {{"x", "y"}}, ""), key);
  EXPECT_EQ(key.metric_name, "m");
  EXPECT_EQ(key.sample_name, "s");
  EXPECT_EQ(key.labels, (Labels{{"x", "y"}}));
  EXPECT_EQ(key.help, "");
}

TEST(KeyParser, GoesOnAfterARefusal) {
  KeyParser parser;
  MetricKey key;
  EXPECT_THROW(parser.parse("[\"a\", {", key), FormatError);
  parser.parse(R"(["m", "s", {}, "h"])", key);
  EXPECT_EQ(key.help, "h");
}

TEST(KeyParser, AnySpacingAndOrderIsRead) {
  const MetricKey key = read(" \n[\"m\",\"s\" ,{\"b\":\"2\",\r\n\"a\" : \"1\"}\t,\"h\"]    ");
  EXPECT_EQ(key.labels, (Labels{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(key.help, "h");
}

TEST(KeyParser, PaddingOfTheFileIsNoPartOfTheKey) {
  for (std::size_t spaces = 0; spaces <= 70; ++spaces) {
    EXPECT_EQ(read(R"(["m", "s", {}, "h"])" + std::string(spaces, ' ')).help, "h") << spaces;
  }
}

TEST(KeyParser, UnescapedUtf8IsRead) {
  EXPECT_EQ(read(R"(["m", "s", {"ä": "€"}, "😀"])").labels, (Labels{{"ä", "€"}}));
}

TEST(KeyParser, OtherLabelValuesAreSpelledAsPythonSpellsThem) {
  const auto value = [](const std::string& json) {
    return read(R"(["m", "s", {"a": )" + json + R"(}, "h"])").labels[0].second;
  };
  EXPECT_EQ(value("true"), "True");
  EXPECT_EQ(value("false"), "False");
  EXPECT_EQ(value("null"), "None");
  EXPECT_EQ(value("200"), "200");
  EXPECT_EQ(value("-0"), "0");
  EXPECT_EQ(value("0"), "0");
  EXPECT_EQ(value("123456789012345678901234567890"), "123456789012345678901234567890");
  EXPECT_EQ(value("1.0"), "1.0");
  EXPECT_EQ(value("-1.50 "), "-1.5");
  EXPECT_EQ(value("1e5"), "100000.0");
  EXPECT_EQ(value("1E+22"), "1e+22");
}

TEST(KeyParser, OtherValuesAreRefused) {
  for (const char* bad : {"[]", "{}", "{\"b\": \"c\"}", "tru", "truex", "nul", "nan", "Infinity", "01", "-", "1.", ".5",
                          "1e", "+1", "0x1", "1 2", "", "1e400", "'a'"}) {
    EXPECT_NE(refusal(R"(["m", "s", {"a": )"s + bad + R"(}, "h"])"), "accepted") << bad;
  }
}

TEST(KeyParser, OfARepeatedLabelTheLastCounts) {
  EXPECT_EQ(read(R"(["m", "s", {"b": "1", "a": "2", "b": "3"}, "h"])").labels, (Labels{{"a", "2"}, {"b", "3"}}));
  EXPECT_EQ(read(R"(["m", "s", {"a": "1", "a": "2", "a": "3"}, "h"])").labels, (Labels{{"a", "3"}}));
}

TEST(KeyParser, LoneSurrogatesBecomeTheReplacement) {
  const auto help = [](const std::string& json) { return read(R"(["m", "s", {}, ")" + json + "\"]").help; };
  EXPECT_EQ(help(R"(\ud800)"), "\ufffd");
  EXPECT_EQ(help(R"(\uDC00)"), "\ufffd");
  EXPECT_EQ(help(R"(a\ud800z)"), "a\ufffdz");
  EXPECT_EQ(help(R"(\ud800\ud800\udc00)"), "\ufffd\U00010000");
  EXPECT_EQ(help(R"(\ud800\u0041)"),
            "\ufffd"
            "A");
  EXPECT_EQ(help(R"(\udc00\ud800)"), "\ufffd\ufffd");
  EXPECT_EQ(help(R"(\ud800\n)"), "\ufffd\n");
  EXPECT_EQ(help(R"(\\ud800)"), R"(\ud800)");
  EXPECT_EQ(help(R"(\uD83D\uDE00)"), "😀");
}

TEST(KeyParser, WhatIsNoKeyIsRefused) {
  for (const char* bad : {"",
                          " ",
                          "\n",
                          "null",
                          "1",
                          "\"a\"",
                          "{}",
                          "[]",
                          "[",
                          "]",
                          R"(["m"])",
                          R"(["m", "s", {}])",
                          R"(["m", "s", {}, "h", 1])",
                          R"(["m", "s", {}, "h"]])",
                          R"(["m", "s", {}, "h"] x)",
                          R"(["m", "s", {}, "h"],)",
                          R"(["m", "s", {}, "h"][])",
                          R"(["m", "s", {}, "h")",
                          R"(["m", "s", {}, "h)",
                          R"(["m", "s", {, "h"])",
                          R"(["m", "s", {"a"}, "h"])",
                          R"(["m", "s", {"a": }, "h"])",
                          R"(["m", "s", {"a": "b",}, "h"])",
                          R"(["m", "s", {"a": "b" "c": "d"}, "h"])",
                          R"(["m", "s", {a: "b"}, "h"])",
                          R"(["m", "s", {1: "b"}, "h"])",
                          R"(["m", "s", [], "h"])",
                          R"(["m", "s", "l", "h"])",
                          R"([1, "s", {}, "h"])",
                          R"(["m", null, {}, "h"])",
                          R"(["m", "s", {}, 5])",
                          R"(["m" "s", {}, "h"])",
                          R"(["m", "s", {}, "h",])",
                          R"(["m",, "s", {}, "h"])",
                          R"(["m", "s", {}, "\x"])",
                          R"(["m", "s", {}, "\u12g4"])",
                          R"(["m", "s", {}, "\u12"])",
                          "[\"m\", \"s\", {}, \"a\nb\"]",
                          "[\"m\", \"s\", {}, \"\xff\"]",
                          "[\"m\", \"s\", {}, \"\xed\xa0\x80\"]",
                          "\xef\xbb\xbf[\"m\", \"s\", {}, \"h\"]",
                          R"(["m", "s", {"a": "b"]})",
                          R"(["m", "s", {}, "h"}])"}) {
    EXPECT_NE(refusal(bad), "accepted") << bad;
  }
  EXPECT_NE(refusal("[\"m\", \"s\", {}, \"h\"]\0"s), "accepted");
  EXPECT_NE(refusal("[\"m\", \"s\", {}, \"h\"\0]"s), "accepted");
}

TEST(KeyParser, EveryCutOfAKeyIsRefused) {
  const std::string whole = json_key("metric", "sample", {{"a", "\"😀\\"}, {"b", "x"}}, "hélp\n");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    // Exactly as many bytes as the cut has, so that reading beyond it is seen by the address sanitizer.
    const std::unique_ptr<char[]> cut(new char[size]);
    whole.copy(cut.get(), size);
    EXPECT_NE(refusal({cut.get(), size}), "accepted") << size;
  }
}

TEST(KeyParser, HostileDepthAndLengthAreRefused) {
  EXPECT_NE(refusal(std::string(1000000, '[')), "accepted");
  EXPECT_NE(refusal(R"(["m", "s", )" + std::string(100000, '{')), "accepted");
}

TEST(KeyParser, LongKeysAreRead) {
  const std::string help(3000000, 'x');
  EXPECT_EQ(read(json_key("m", "s", {}, help)).help, help);
}

TEST(KeyParser, RefusalNamesKeyElementAndPlace) {
  EXPECT_THAT(refusal(R"(["m", "s", {"a": []}, "h"])"),
              HasSubstr("label value: an array or object; expected a string"));
  EXPECT_THAT(refusal(R"(["m", 5, {}, "h"])"), HasSubstr("sample name"));
  EXPECT_THAT(refusal(R"(["m", 5, {}, "h"])"), HasSubstr("at byte 6"));
  EXPECT_THAT(refusal(R"(["m", "s"])"), HasSubstr("2 elements instead of four"));
  EXPECT_THAT(refusal("gar\nbage"), HasSubstr(R"(cannot read key "gar\x0abage")"));
  EXPECT_LT(refusal("[\"" + std::string(100000, 'x')).size(), 600u);
}

}  // namespace
}  // namespace weir
