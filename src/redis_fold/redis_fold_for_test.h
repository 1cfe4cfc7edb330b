// What the tests of folding in Redis share: a real server, writers on it that have ended, and a fold of them.
//
// Thread safety: one thread.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "redis/redis_server_for_test.h"
#include "redis_collect/redis_reading_for_test.h"
#include "weir/redis_collector.h"
#include "weir/redis_fold.h"

namespace weir::for_test {

inline const std::string kJobs = ServerWithKeys::key_of("jobs", "jobs_total");

/// Folds once the server has been up for three leases of everybody.
inline FoldReport fold_once_calm(RedisFold& fold) {
  FoldReport report = fold.fold();
  for (int i = 0; i < 1000 && fold.calm_in().count() > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    report = fold.fold();
  }
  EXPECT_EQ(fold.calm_in().count(), 0);
  return report;
}

class RedisFoldTest : public ::testing::Test {
 protected:
  /// A writer that has ended, longer ago than its time.
  void dead(const std::string& writer) {
    redis.claim(writer, "10");
    redis.run({"HSET", redis.keys().claim(writer), "flushed_at", "1000", "ttl", "1"});
    redis.die(writer);
  }
  void value(const std::string& kind, const std::string& writer, const std::string& json, const std::string& number,
             const std::string& timestamp = "1.5") {
    redis.put_ours(kind, writer, json, number, timestamp);
    redis.run({"HSET", redis.keys().metric(kind, writer, md5_hex(json)), "owner", "token-of-" + writer});
  }
  void dead_counter(const std::string& writer, const std::string& jobs) {
    dead(writer);
    value("counter", writer, kJobs, jobs);
  }
  Shown shown() {
    const auto collection = RedisMultiProcessCollector(redis.client(), {.key_prefix = "gunicorn"}).collect();
    EXPECT_EQ(for_test::reasons(*collection), for_test::Reasons{});
    return for_test::shown(*collection);
  }
  /// The same, and nothing was in the way.
  FoldReport fold_now(RedisFoldOptions options = {}, std::shared_ptr<RedisClient> client = nullptr) {
    RedisFold fold(client ? client : redis.client(), std::move(options));
    FoldReport report = fold_once_calm(fold);
    EXPECT_EQ(report.problems.size(), 0U);
    return report;
  }
  std::size_t keys_like(const std::string& pattern) { return redis.client()->scan_keys(pattern).size(); }

  ServerWithKeys redis;
};

}  // namespace weir::for_test
