#include <algorithm>

#include "redis_storage/value_hashes.h"

namespace weir {
namespace {

// One server's keys, by plain SCAN commands.
std::vector<std::string> scan_one_server(RedisClientProtocol& client, const std::string& pattern) {
  std::vector<std::string> keys;
  std::string cursor = "0";
  do {
    const RedisReply reply = client.command({.arguments = {"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"},
                                             .route_key = {},
                                             .repeatable = true,
                                             .reads = true});
    if (reply.elements.size() != 2) {
      throw RedisProtocolError("SCAN of " + client.describe() + ": the answer is no cursor and keys");
    }
    cursor = reply.elements[0].text;
    for (const RedisReply& key : reply.elements[1].elements) keys.push_back(key.text);
  } while (cursor != "0");
  return keys;
}

}  // namespace

std::vector<std::string> scan_keys(RedisClientProtocol& client, const std::string& pattern) {
  std::vector<std::string> keys;
  if (auto* const whole = dynamic_cast<RedisClient*>(&client)) {
    keys = whole->scan_keys(pattern);
  } else if (client.is_cluster()) {
    throw ConfigError("SCAN of " + client.describe() + ": only a weir::RedisClient can scan all nodes of a Cluster");
  } else {
    keys = scan_one_server(client, pattern);
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

}  // namespace weir
