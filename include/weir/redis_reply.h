// A reply of a Redis server, as RESP2 has them, and the failure to get one.
//
// Thread safety: a plain value.
// Source: https://redis.io/docs/reference/protocol-spec/
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

struct RedisReply {
  enum class Kind : std::uint8_t {
    nil,
    status,   ///< `+OK`: in `text`
    error,    ///< `-WRONGTYPE …`, without the dash: in `text`
    integer,  ///< in `integer`
    text,     ///< a bulk string: in `text`
    array,    ///< in `elements`
    failure,  ///< no reply came: the connection broke or the time was up before it; why, in `text`
  };
  /// What a `failure` was.
  enum class Failure : std::uint8_t { connection, timeout, authentication, protocol };

  Kind kind = Kind::nil;
  Failure failure = Failure::connection;  ///< of kind `failure`
  std::int64_t integer = 0;
  std::string text;
  std::vector<RedisReply> elements;

  bool is_nil() const noexcept { return kind == Kind::nil; }
  bool is_error() const noexcept { return kind == Kind::error; }
  bool is_failure() const noexcept { return kind == Kind::failure; }
  /// True for a reply of the server that is no error.
  bool is_good() const noexcept { return kind != Kind::error && kind != Kind::failure; }
  /// The code of an error: `WRONGTYPE`, `MOVED`, `NOSCRIPT`; empty for what is none.
  std::string_view error_code() const noexcept;
  /// Throws what an error or failure stands for (weir/redis_error.h), its message beginning with `operation`. Does
  /// nothing for a good reply.
  void throw_if_bad(std::string_view operation) const;

  static RedisReply make_failure(Failure failure, std::string why);
  static RedisReply make_error(std::string text);
};

}  // namespace weir
