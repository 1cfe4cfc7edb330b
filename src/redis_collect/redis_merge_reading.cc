#include "redis_collect/redis_merge_reading.h"

#include <fmt/format.h>

namespace weir {

std::vector<RedisReply> RedisReading::ask(std::span<const RedisCommand> commands) {
  if (commands.empty()) return {};
  commands_ += commands.size();
  std::vector<RedisReply> replies = client_.pipeline(commands);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const RedisReply& reply = replies[i];
    if (reply.is_good()) [[likely]]
      continue;
    const std::string_view code = reply.error_code();
    if (reply.is_error() && (code == "WRONGTYPE" || code == "NOPERM")) continue;
    reply.throw_if_bad(fmt::format("{} at {}", commands[i].arguments[0], client_.describe()));
  }
  return replies;
}

RedisCommand read_command(std::vector<std::string> arguments, std::string route_key) {
  return {.arguments = std::move(arguments), .route_key = std::move(route_key), .repeatable = true, .reads = true};
}

Problem problem_of_error(const std::string& key, const RedisReply& reply) {
  const bool wrong_type = reply.error_code() == "WRONGTYPE";
  return {.reason = wrong_type ? "wrong_type" : "redis_error",
          .subject = key,
          .message = wrong_type
                         ? fmt::format("{} holds another type of value than this name is for: {}", key, reply.text)
                         : fmt::format("{}: {}", key, reply.text)};
}

}  // namespace weir
