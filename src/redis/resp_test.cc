#include "redis/resp.h"

#include <gtest/gtest.h>

#include <ctime>
#include <random>

#include "weir/redis_error.h"

namespace weir {
namespace {

using Kind = RedisReply::Kind;

/// Every kind of reply, nested ones too; parsed, it is what show() prints.
constexpr std::string_view kStream =
    "+OK\r\n-WRONGTYPE Operation against a key\r\n:-42\r\n:+7\r\n$5\r\na\r\nb\r\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n"
    "*3\r\n$3\r\nfoo\r\n*2\r\n:1\r\n*1\r\n$-1\r\n+done\r\n+\r\n:9223372036854775807\r\n";
constexpr std::string_view kShown =
    "+OK -WRONGTYPE Operation against a key :-42 :7 'a\r\nb\r' '' nil nil [] ['foo' [:1 [nil ] ] +done ] + "
    ":9223372036854775807 ";

std::string show(const RedisReply& reply) {
  switch (reply.kind) {
    case Kind::nil:
      return "nil ";
    case Kind::status:
      return "+" + reply.text + " ";
    case Kind::error:
      return "-" + reply.text + " ";
    case Kind::integer:
      return ":" + std::to_string(reply.integer) + " ";
    case Kind::text:
      return "'" + reply.text + "' ";
    case Kind::failure:
      return "failure ";
    case Kind::array:
      break;
  }
  std::string text = "[";
  for (const RedisReply& element : reply.elements) text += show(element);
  return text + "] ";
}

std::string show_all(RespParser& parser) {
  std::string text;
  while (const std::optional<RedisReply> reply = parser.next()) text += show(*reply);
  return text;
}

void expect_refused(const std::string& bytes, const std::string& in_message) {
  RespParser parser;
  parser.feed(bytes);
  try {
    show_all(parser);
    ADD_FAILURE() << "accepted: " << bytes.substr(0, 60);
  } catch (const RedisProtocolError& error) {
    EXPECT_NE(std::string(error.what()).find(in_message), std::string::npos) << error.what();
  }
  EXPECT_THROW(parser.next(), RedisProtocolError) << "refused once, it stays refused: " << bytes.substr(0, 60);
}

TEST(RespCommand, IsAnArrayOfBulkStrings) {
  std::string out = "before";
  append_command(out, std::vector<std::string>{"SET", "", "a\r\nb"});
  EXPECT_EQ(out, "before*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\na\r\nb\r\n");
}

TEST(RespCommand, ReadsBackAsItsArguments) {
  std::mt19937 random(7);
  for (int i = 0; i < 200; ++i) {
    std::vector<std::string> arguments(1 + random() % 5);
    for (std::string& argument : arguments) {
      argument.resize(random() % 50);
      for (char& c : argument) c = static_cast<char>(random());
    }
    std::string out;
    append_command(out, arguments);
    RespParser parser;
    parser.feed(out);
    const std::optional<RedisReply> reply = parser.next();
    ASSERT_TRUE(reply && reply->elements.size() == arguments.size());
    for (std::size_t k = 0; k < arguments.size(); ++k) EXPECT_EQ(reply->elements[k].text, arguments[k]);
    EXPECT_EQ(parser.pending(), 0u);
  }
}

TEST(RespParser, ReadsEveryKindOfReply) {
  RespParser parser;
  parser.feed(kStream);
  EXPECT_EQ(show_all(parser), kShown);
  EXPECT_EQ(parser.pending(), 0u);
}

TEST(RespParser, CutAtEveryByteItReadsTheSame) {
  for (std::size_t cut = 0; cut <= kStream.size(); ++cut) {
    RespParser parser;
    parser.feed(kStream.substr(0, cut));
    std::string shown = show_all(parser);
    parser.feed(kStream.substr(cut));
    shown += show_all(parser);
    ASSERT_EQ(shown, kShown) << "cut at " << cut;
  }
}

TEST(RespParser, InPiecesOfAnySizeItReadsTheSame) {
  std::mt19937 random(11);
  for (int i = 0; i < 500; ++i) {
    RespParser parser;
    std::string shown;
    for (std::size_t at = 0; at < kStream.size();) {
      const std::size_t piece = i == 0 ? 1 : 1 + random() % 9;
      parser.feed(kStream.substr(at, piece));
      at += piece;
      if (i == 0 || random() % 2 == 0) shown += show_all(parser);
    }
    shown += show_all(parser);
    ASSERT_EQ(shown, kShown);
  }
}

TEST(RespParser, SaysNothingBeforeTheLastByte) {
  const std::string reply = "*2\r\n$3\r\nfoo\r\n:12\r\n";
  RespParser parser;
  for (std::size_t i = 0; i + 1 < reply.size(); ++i) {
    parser.feed(reply.substr(i, 1));
    ASSERT_FALSE(parser.next()) << i;
  }
  parser.feed(reply.substr(reply.size() - 1));
  EXPECT_TRUE(parser.next());
}

TEST(RespParser, WhatIsNoRespIsRefused) {
  expect_refused("HTTP/1.1 400 Bad Request\r\n", "HTTP/1.1");
  expect_refused("%1\r\n+a\r\n+b\r\n", "one of + - : $ *");
  expect_refused("\r\n", "one of + - : $ *");
  expect_refused(":\r\n", "an integer");
  expect_refused(":1a\r\n", "an integer");
  expect_refused(":9223372036854775808\r\n", "an integer");
  expect_refused(":+-1\r\n", "an integer");
  expect_refused("$\r\n", "bulk string length");
  expect_refused("$-2\r\n", "bulk string length");
  expect_refused("$1\r\nab\r\n", "the end of a bulk string");
  expect_refused("*-2\r\n", "array length");
  expect_refused("*x\r\n", "array length");
  expect_refused("*2\r\n:1\r\n?\r\n", "one of + - : $ *");
}

TEST(RespParser, ANumberThatNeverEndsIsRefusedEarly) {
  expect_refused(":" + std::string(100, '1'), "a line end");
  expect_refused("$" + std::string(100, '0'), "a line end");
}

TEST(RespParser, AnnouncedLengthsOverTheLimitAreRefused) {
  expect_refused("$67108865\r\n", "over the limit");
  expect_refused("*16777217\r\n", "over the limit");
  expect_refused("$9223372036854775807\r\n", "over the limit");
}

TEST(RespParser, AnAnnouncedLengthCostsNothing) {
  RespParser parser;
  std::string bytes;
  for (int i = 0; i < RespParser::kMaxDepth; ++i) bytes += "*16777216\r\n";
  parser.feed(bytes + "$67108864\r\nx");
  EXPECT_FALSE(parser.next());  // and has not asked for 100 GB an array
  EXPECT_GT(parser.pending(), 0u);
}

TEST(RespParser, DepthIsLimited) {
  std::string deepest;
  for (int i = 0; i < RespParser::kMaxDepth; ++i) deepest += "*1\r\n";
  RespParser parser;
  parser.feed(deepest + ":1\r\n");
  EXPECT_TRUE(parser.next());
  expect_refused(deepest + "*1\r\n:1\r\n", "nested deeper than 16");
  std::string bomb;
  for (int i = 0; i < 100000; ++i) bomb += "*1\r\n";
  expect_refused(bomb, "nested deeper than 16");
}

TEST(RespParser, GarbageIsRefusedOrReadAndNeverMore) {
  std::mt19937 random(13);
  const std::string_view alphabet = "+-:$*0123456789\r\n\r\n\r\nab";
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = i % 2 == 0 ? std::string(kStream) : std::string(random() % 60, '\0');
    for (std::size_t k = 0; k < (i % 2 == 0 ? 2 : bytes.size()); ++k) {
      bytes[random() % bytes.size()] = i % 3 == 0 ? static_cast<char>(random()) : alphabet[random() % alphabet.size()];
    }
    RespParser parser;
    try {
      for (std::size_t at = 0; at < bytes.size(); at += 7) {
        parser.feed(std::string_view(bytes).substr(at, 7));
        show_all(parser);
      }
    } catch (const RedisProtocolError&) {
    }
    ASSERT_LE(parser.pending(), bytes.size());
  }
}

/// Of the processor's time: a busy machine takes any other.
double seconds_to_parse(std::string_view bytes, std::size_t piece, std::size_t replies) {
  const std::clock_t start = std::clock();
  RespParser parser;
  std::size_t seen = 0;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    parser.feed(bytes.substr(at, piece));
    while (parser.next()) ++seen;
  }
  EXPECT_EQ(seen, replies);
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

// Walked anew at every piece, each of these would take minutes in pieces of one byte (2 * 10^6 times 10^6 bytes).
TEST(RespParser, MegabytesInSmallPiecesAreWalkedOnce) {
  constexpr std::size_t kSize = 2'000'000;
  std::string elements = "*200000\r\n";
  for (int i = 0; i < 200'000; ++i) elements += "$4\r\nabcd\r\n";
  const std::string bulk = "$2000000\r\n" + std::string(kSize, 'x') + "\r\n";
  const std::string line = "+" + std::string(kSize, '\r') + "\r\n";
  std::string many;
  for (int i = 0; i < 400'000; ++i) many += "+OK\r\n";
  EXPECT_LT(seconds_to_parse(elements, 1, 1), 60);
  EXPECT_LT(seconds_to_parse(bulk, 1, 1), 60);
  EXPECT_LT(seconds_to_parse(line, 1, 1), 60);
  constexpr std::size_t kRead = 16384;
  EXPECT_LT(seconds_to_parse(elements, kRead, 1), 60);
  EXPECT_LT(seconds_to_parse(bulk, kRead, 1), 60);
  EXPECT_LT(seconds_to_parse(line, kRead, 1), 60);
  EXPECT_LT(seconds_to_parse(many, kRead, 400'000), 60);
}

}  // namespace
}  // namespace weir
