#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "weir/redis_client.h"

namespace weir {
namespace {

std::string sha1_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) {
    throw Error("Redis script: OpenSSL computes no SHA-1, by which servers know scripts");
  }
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) fmt::format_to(std::back_inserter(hex), "{:02x}", digest[i]);
  return hex;
}

bool was_forgotten(const RedisScript& script, const RedisCommand& call, const RedisReply& reply) {
  return reply.error_code() == "NOSCRIPT" && call.arguments.size() > 2 && call.arguments[1] == script.sha();
}

/// The line at which the server stopped, if its error says so. Without it a missing right has no name: of what a script
/// calls Redis 7 says "can't run this command", not which.
std::string_view failing_line(const RedisScript& script, std::string_view error) {
  constexpr std::string_view kPlace = "user_script:";
  const std::size_t place = error.find(kPlace);
  if (place == std::string_view::npos || error.find(script.sha()) == std::string_view::npos) return {};
  std::string_view source = script.source();
  const std::string_view digits = error.substr(place + kPlace.size());
  std::size_t line = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), line);
  if (line == 0) return {};
  for (; line > 1; --line) {
    const std::size_t end = source.find('\n');
    if (end == std::string_view::npos) return {};
    source.remove_prefix(end + 1);
  }
  source = source.substr(0, source.find('\n'));
  return source.substr(std::min(source.find_first_not_of(' '), source.size()));
}

}  // namespace

RedisScript::RedisScript(std::string source) : source_(std::move(source)), sha_(sha1_hex(source_)) {}

RedisCommand RedisScript::call(std::span<const std::string> keys, std::span<const std::string> arguments) const {
  RedisCommand command;
  command.arguments.reserve(3 + keys.size() + arguments.size());
  command.arguments = {"EVALSHA", sha_, std::to_string(keys.size())};
  command.arguments.insert(command.arguments.end(), keys.begin(), keys.end());
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  command.repeatable = true;
  return command;
}

std::vector<RedisReply> run_scripts(RedisClientProtocol& client, const RedisScript& script,
                                    std::span<const RedisCommand> calls) {
  std::vector<RedisReply> replies = client.pipeline(calls);
  std::vector<std::size_t> forgotten;
  std::vector<RedisCommand> again;
  for (std::size_t i = 0; i < calls.size() && i < replies.size(); ++i) {
    if (!was_forgotten(script, calls[i], replies[i])) continue;
    forgotten.push_back(i);
    RedisCommand& by_source = again.emplace_back(calls[i]);
    by_source.arguments[0] = "EVAL";  // each by source, not the first alone: a Cluster's nodes forget by themselves
    by_source.arguments[1] = script.source();
  }
  if (!again.empty()) {
    std::vector<RedisReply> late = client.pipeline(again);
    for (std::size_t i = 0; i < forgotten.size() && i < late.size(); ++i) replies[forgotten[i]] = std::move(late[i]);
  }
  for (RedisReply& reply : replies) {
    if (!reply.is_error()) continue;
    const std::string_view line = failing_line(script, reply.text);
    if (!line.empty()) reply.text += fmt::format(" (which is: {})", line);
  }
  return replies;
}

}  // namespace weir
