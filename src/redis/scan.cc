#include "redis/scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "weir/redis_error.h"

namespace weir {
namespace {

/// Adds the reply's keys and returns its cursor.
std::string take_keys(RedisReply& reply, const std::string& operation, std::vector<std::string>& keys) {
  reply.throw_if_bad(operation);
  if (reply.elements.size() != 2 || reply.elements[0].kind != RedisReply::Kind::text ||
      reply.elements[1].kind != RedisReply::Kind::array) {
    throw RedisProtocolError(operation + ": the reply is no cursor and array of keys");
  }
  for (RedisReply& key : reply.elements[1].elements) keys.push_back(std::move(key.text));
  return std::move(reply.elements[0].text);
}

}  // namespace

std::vector<std::string> scan_node(Node& node, const std::string& pattern, std::size_t count) {
  const std::string operation = fmt::format("SCAN {} at {}", pattern, to_string(node.address()));
  std::vector<std::string> keys;
  std::string cursor = "0";
  do {
    const RedisCommand scan{
        {"SCAN", cursor, "MATCH", pattern, "COUNT", std::to_string(std::max<std::size_t>(count, 1))}, {}, true, true};
    const RedisCommand* const command = &scan;
    RedisReply reply;
    node.exchange({&command, 1}, {&reply, 1});
    cursor = take_keys(reply, operation, keys);
  } while (cursor != "0");
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

}  // namespace weir
