// Arbitrary bytes from a Redis server: refused or read, never more, and the same however they are cut (I4).
//
// The first byte says into pieces of which size; the rest is the stream.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "redis/resp.h"
#include "weir/redis_error.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// Every value once, so that none is read past its end; checks what the parser promises about it.
void show(const weir::RedisReply& reply, int depth, std::string& out) {
  require(depth <= weir::RespParser::kMaxDepth);
  require(!reply.is_failure());
  out += static_cast<char>('0' + static_cast<int>(reply.kind));
  out += std::to_string(reply.integer) + "," + std::to_string(reply.text.size()) + reply.text;
  for (const weir::RedisReply& element : reply.elements) show(element, depth + 1, out);
  out += ';';
}

/// The replies read from `stream`, and why no more; `left` bytes were not taken.
std::string parse(std::string_view stream, std::size_t piece, std::size_t& left) {
  weir::RespParser parser;
  std::string out;
  std::size_t fed = 0;
  try {
    while (fed < stream.size()) {
      const std::string_view next = stream.substr(fed, piece);
      parser.feed(next);
      fed += next.size();
      while (const std::optional<weir::RedisReply> reply = parser.next()) show(*reply, 0, out);
    }
  } catch (const weir::RedisProtocolError& error) {
    require(error.what()[0] != '\0');
    out += "refused";
  }
  left = parser.pending();
  require(left <= fed);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::size_t left_whole = 0;
  std::size_t left_cut = 0;
  const std::string whole = parse(stream, std::max<std::size_t>(stream.size(), 1), left_whole);
  const std::string cut = parse(stream, 1 + data[0] % 16, left_cut);
  require(whole == cut);
  require(whole.ends_with("refused") || left_whole == left_cut);
  return 0;
}
