#include "weir/redis_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "model/printable.h"

namespace weir {
namespace {

std::string upper(std::string_view name) {
  std::string result(name);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  return result;
}

/// The key a message may name; empty where the arguments are no keys (and may be a password).
std::string_view first_key(const RedisCommand& command, std::string_view name) {
  static constexpr std::array<std::string_view, 10> kKeyless = {"ACL",   "AUTH",    "CLUSTER", "CONFIG",   "ECHO",
                                                                "HELLO", "PUBLISH", "SCRIPT",  "SENTINEL", "MIGRATE"};
  if (!command.route_key.empty()) return command.route_key;
  if (std::find(kKeyless.begin(), kKeyless.end(), name) != kKeyless.end()) return {};
  const bool is_script = name == "EVAL" || name == "EVALSHA" || name == "EVAL_RO" || name == "EVALSHA_RO";
  if (is_script && (command.arguments.size() < 3 || command.arguments[2] == "0")) return {};
  const std::size_t at = is_script ? 3 : 1;
  return at < command.arguments.size() ? std::string_view(command.arguments[at]) : std::string_view();
}

std::string name_operation(const RedisCommand& command, const std::string& server) {
  const std::string name = upper(command.arguments.front());
  const std::string_view key = first_key(command, name);
  if (key.empty()) return fmt::format("{} at {}", name, server);
  return fmt::format("{} {} at {}", name, printable(key), server);
}

}  // namespace

RedisReply RedisClientProtocol::command(const RedisCommand& command) {
  if (command.arguments.empty()) throw ValueError("Redis command: no arguments, the first must be the command's name");
  std::vector<RedisReply> replies = pipeline({&command, 1});
  if (replies.size() != 1) {
    throw RedisProtocolError(
        fmt::format("{}: {} replies to one command", name_operation(command, describe()), replies.size()));
  }
  if (!replies[0].is_good()) replies[0].throw_if_bad(name_operation(command, describe()));
  return std::move(replies[0]);
}

}  // namespace weir
