// A server with 32,000 values as Weir's processes leave them, whose every value can be changed and whose truth is
// known.
//
//   Keys keys("per-process");                     // 64 live processes of 500 counters each; or one hash of 32,000
//   fields keys.change_values(round);   keys.truth();    // the value of each series, by number
//
// Thread safety: one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "redis/redis_server_for_test.h"
#include "weir/redis_client.h"

namespace weir::bench {

class Keys {
 public:
  explicit Keys(const std::string& layout);

  /// Sets every value.
  void change_values(std::size_t round);
  const std::vector<double>& truth() const noexcept { return truth_; }
  const std::vector<std::string>& series() const noexcept { return series_; }
  const for_test::RedisServer& server() const noexcept { return server_; }
  /// What reads all values, in RESP: a request for each key.
  const std::string& request() const noexcept { return request_; }
  std::size_t requests() const noexcept { return values_.size(); }
  const std::string& a_key() const noexcept { return values_.front().front(); }

 private:
  void run(const std::vector<RedisCommand>& commands);
  void make_processes();
  void make_hash();

  for_test::RedisServer server_;
  std::shared_ptr<RedisClient> client_;
  bool is_shared_;
  std::vector<std::vector<std::string>> values_;  // a key and its fields
  std::vector<std::size_t> series_of_;            // of each key; shared: of each field
  std::vector<std::string> series_;
  std::vector<double> truth_;
  std::string request_;
};

/// What a reading took, in milliseconds.
struct Took {
  double cpu = 0;  ///< of the calling thread and of the server together
  double wall = 0;
};
class Stopwatch {
 public:
  explicit Stopwatch(const Keys& keys);
  Took took() const;

 private:
  Took now() const;
  pid_t server_;
  Took began_;
};

/// All asked at once over one connection, the replies walked as they come, with nothing around it.
Took redis_floor(const Keys& keys, double& sum);

}  // namespace weir::bench
