// RESP2 as bytes: commands out, replies in, no I/O.
//
//   std::string out;
//   append_command(out, command.arguments);
//   RespParser parser;
//   parser.feed(received);                          // any piece of the stream, cut anywhere
//   while (std::optional<RedisReply> reply = parser.next()) …
//
// The parser keeps its state between pieces (a reply of 10 MB that arrives in 10,000 pieces is walked once), and memory
// grows with the bytes received, never with a length a hostile peer only announces.
//
// Thread safety: one thread at a time. Invariants: I4.
// Source: https://redis.io/docs/reference/protocol-spec/
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weir/redis_reply.h"

namespace weir {

/// Appends one command as an array of bulk strings.
void append_command(std::string& out, std::span<const std::string> arguments);

class RespParser {
 public:
  /// Bulk strings and arrays announced longer than this are refused; nesting deeper than kMaxDepth too. Far beyond what
  /// Weir asks for: the longest string is the label set of a series, the longest array one key's series.
  static constexpr std::size_t kMaxBulk = std::size_t{64} << 20;
  static constexpr std::size_t kMaxElements = std::size_t{1} << 24;
  static constexpr int kMaxDepth = 16;

  void feed(std::string_view bytes);
  /// The next whole reply; nothing while it has not arrived. Throws RedisProtocolError saying what stands where a reply
  /// should; the parser is then of no more use.
  std::optional<RedisReply> next();
  /// Bytes fed that no reply has taken yet.
  std::size_t pending() const noexcept;

 private:
  struct Open {  // an array whose elements are arriving
    RedisReply array;
    std::size_t missing = 0;
  };
  /// One value, or the head of an array of `elements`; false while it has not arrived, nothing being taken then.
  bool take(RedisReply& reply, std::size_t& elements);
  bool take_bulk(RedisReply& reply, std::string_view line);
  std::size_t take_array_head(RedisReply& reply, std::string_view line) const;
  /// The line at at_ without its type and line end; nothing while its end has not arrived.
  std::optional<std::string_view> find_line(std::size_t longest);
  void move_on(std::size_t bytes) noexcept;

  std::string buffer_;
  std::size_t at_ = 0;        // of the next byte to read
  std::size_t searched_ = 0;  // bytes after at_ known to hold no line end
  std::vector<Open> open_;
};

}  // namespace weir
