// Small helps for tests of connections.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "redis/connection.h"

namespace weir::for_test {

/// What `run` (Connection's or Node's exchange) answers to commands.
template <typename Exchanger>
std::vector<RedisReply> run_commands(Exchanger& exchanger, std::vector<std::vector<std::string>> commands,
                                     bool repeatable = false) {
  std::vector<RedisCommand> made;
  for (auto& words : commands) made.push_back({std::move(words), {}, repeatable, false});
  std::vector<const RedisCommand*> pointers;
  for (const RedisCommand& command : made) pointers.push_back(&command);
  std::vector<RedisReply> replies(made.size());
  exchanger.exchange(pointers, replies);
  return replies;
}

/// How many descriptors this process has open.
inline std::size_t open_descriptors() {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator()));
}

/// Waits until `condition` holds, for 30 s at most; whether it does.
inline bool wait_for_true(const std::function<bool()>& condition) {
  for (int i = 0; i < 3000; ++i) {
    if (condition()) return true;
    ::usleep(10'000);
  }
  return condition();
}

}  // namespace weir::for_test
