#include "weir/redis_reply.h"

#include <fmt/format.h>

#include "weir/redis_error.h"

namespace weir {

std::string_view RedisReply::error_code() const noexcept {
  if (kind != Kind::error) return {};
  return std::string_view(text).substr(0, text.find(' '));
}

void RedisReply::throw_if_bad(std::string_view operation) const {
  if (is_good()) return;
  const std::string message = fmt::format("{}: {}", operation, text);
  if (is_error()) {
    const std::string_view code = error_code();
    if (code == "NOAUTH" || code == "WRONGPASS" || code == "NOPERM") throw RedisAuthenticationError(message);
    throw RedisReplyError(message);
  }
  switch (failure) {
    case Failure::connection:
      throw RedisConnectionError(message);
    case Failure::timeout:
      throw RedisTimeoutError(message);
    case Failure::authentication:
      throw RedisAuthenticationError(message);
    case Failure::protocol:
      throw RedisProtocolError(message);
  }
}

RedisReply RedisReply::make_failure(Failure failure, std::string why) {
  RedisReply reply;
  reply.kind = Kind::failure;
  reply.failure = failure;
  reply.text = std::move(why);
  return reply;
}

RedisReply RedisReply::make_error(std::string text) {
  RedisReply reply;
  reply.kind = Kind::error;
  reply.text = std::move(text);
  return reply;
}

}  // namespace weir
