#include "redis/cluster_route.h"

#include <algorithm>
#include <span>
#include <string>

namespace weir {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::string_view kWithoutKeys[] = {
    "ACL",       "ASKING",    "AUTH",    "BGREWRITEAOF", "BGSAVE",   "CLIENT",   "CLUSTER",   "COMMAND",
    "CONFIG",    "DBSIZE",    "DISCARD", "ECHO",         "EXEC",     "FAILOVER", "FLUSHALL",  "FLUSHDB",
    "FUNCTION",  "HELLO",     "INFO",    "KEYS",         "LASTSAVE", "LATENCY",  "LOLWUT",    "MODULE",
    "MONITOR",   "MULTI",     "PING",    "PUBLISH",      "PUBSUB",   "QUIT",     "RANDOMKEY", "READONLY",
    "REPLICAOF", "READWRITE", "RESET",   "ROLE",         "SAVE",     "SCAN",     "SCRIPT",    "SELECT",
    "SHUTDOWN",  "SLOWLOG",   "SWAPDB",  "TIME",         "UNWATCH",  "WAIT",     "WAITAOF"};
// NAME script|sha|function numkeys key…
constexpr std::string_view kScripts[] = {"EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO"};
// NAME subcommand key
constexpr std::string_view kSecond[] = {"OBJECT", "MEMORY", "XGROUP", "XINFO", "DEBUG", "BITOP"};

std::string upper(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return name;
}

bool contains(Names names, std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); }

}  // namespace

std::optional<std::string_view> routing_key(const RedisCommand& command) {
  if (!command.route_key.empty()) return command.route_key;
  const std::vector<std::string>& arguments = command.arguments;
  if (arguments.size() < 2) return std::nullopt;
  const std::string name = upper(arguments[0]);
  std::size_t at = 1;
  if (contains(kScripts, name)) {
    if (arguments.size() < 3 || arguments[2] == "0") return std::nullopt;
    at = 3;
  } else if (contains(kSecond, name)) {
    at = 2;
  } else if (contains(kWithoutKeys, name)) {
    return std::nullopt;
  }
  if (at >= arguments.size()) return std::nullopt;
  return arguments[at];
}

}  // namespace weir
