// What the reading tests share: a real server, keys written as Weir's and as Python's processes write them, and what a
// collector shows of them.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "format/json_key.h"
#include "redis/redis_server_for_test.h"
#include "redis_layout/redis_keys.h"
#include "weir/redis_collector.h"

namespace weir::for_test {

using Shown = std::map<std::string, double>;
using Reasons = std::vector<std::string>;

inline Shown shown(const Collection& collection) {
  Shown series;
  for (std::size_t i = 0; i < collection.snapshot.values.size(); ++i) {
    series[std::string(collection.snapshot.table->series(i))] = collection.snapshot.values[i];
  }
  return series;
}

inline Reasons reasons(const Collection& collection) {
  Reasons met;
  for (const Problem& problem : collection.problems) met.push_back(problem.reason);
  std::sort(met.begin(), met.end());
  return met;
}

/// A server and a hand that writes into it.
class ServerWithKeys {
 public:
  ServerWithKeys() : client_(make_redis_client(server_.options())) {}

  RedisServer& server() { return server_; }
  const std::shared_ptr<RedisClient>& client() const { return client_; }
  RedisReply run(std::vector<std::string> arguments) {
    return client_->command({.arguments = std::move(arguments), .route_key = {}});
  }

  static std::string key_of(const std::string& family, const std::string& sample, const Labels& labels = {}) {
    return json_key(family, sample, labels, "Help.");
  }
  /// One value and its metadata, as any writer leaves them.
  void put(const std::string& kind, const std::string& writer, const std::string& json, const std::string& value,
           const std::string& timestamp = "1.5") {
    const std::string hash = md5_hex(json);
    run({"HSET", keys_.metric(kind, writer, hash), "value", value, "timestamp", timestamp, "updated_at", timestamp});
    run({"HSET", keys_.meta(kind, writer, hash), "original_key", json});
  }
  /// The same for a process of ours: its index knows the key.
  void put_ours(const std::string& kind, const std::string& writer, const std::string& json, const std::string& value,
                const std::string& timestamp = "1.5") {
    put(kind, writer, json, value, timestamp);
    run({"SADD", keys_.index(writer), kind + ":" + md5_hex(json)});
    run({"HSET", keys_.claim(writer), "keys", std::to_string(run({"SCARD", keys_.index(writer)}).integer)});
  }
  /// A claim and a lease that names the epoch of now.
  void claim(const std::string& writer, const std::string& lease_ms = "15000") {
    run({"HSET", keys_.claim(writer), "token", "token-of-" + writer, "seq", "1", "keys", "0", "lease", lease_ms});
    run({"SADD", keys_.writers(""), writer});
    run({"SETNX", keys_.epoch(""), "0123456789abcdef"});
    lease(writer);
  }
  void lease(const std::string& writer) { run({"SET", keys_.lease(writer), epoch()}); }
  void die(const std::string& writer) { run({"DEL", keys_.lease(writer)}); }
  std::string epoch() {
    const std::string info = run({"INFO", "replication"}).text;
    return info.substr(info.find("master_replid:") + 14, 40) + "." + run({"GET", keys_.epoch("")}).text;
  }
  const RedisKeys& keys() const { return keys_; }

 private:
  RedisServer server_;
  std::shared_ptr<RedisClient> client_;
  RedisKeys keys_{"gunicorn"};
};

}  // namespace weir::for_test
