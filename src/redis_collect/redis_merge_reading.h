// Asking a Redis for one collection: pipelines cut to size, commands counted, failures thrown.
//
//   RedisReading reading(client);
//   for (const RedisReply& reply : reading.ask(commands)) …        // good, nil or an error of that key alone
//
// Thread safety: one thread at a time. Invariants: I4 (replies in flight are bounded by kMostCommands of them).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "weir/redis_client.h"
#include "weir/snapshot.h"

namespace weir {

class RedisReading {
 public:
  static constexpr std::size_t kMostCommands = 4096;

  explicit RedisReading(RedisClient& client) : client_(client) {}
  RedisClient& client() const noexcept { return client_; }
  /// How many commands were asked since the last call.
  std::uint64_t take_commands() noexcept { return std::exchange(commands_, 0); }
  void count(std::uint64_t commands) noexcept { commands_ += commands; }

  /// One reply a command. Throws RedisError for failures and for errors that are not one key's own (LOADING,
  /// CLUSTERDOWN, …); WRONGTYPE and NOPERM are replies.
  std::vector<RedisReply> ask(std::span<const RedisCommand> commands);
  /// The same for many: `take(i, reply)` for each of `commands`, in order.
  template <typename Take>
  void ask_each(std::span<const RedisCommand> commands, Take take) {
    for (std::size_t first = 0; first < commands.size(); first += kMostCommands) {
      const std::size_t count = std::min(kMostCommands, commands.size() - first);
      std::vector<RedisReply> replies = ask(commands.subspan(first, count));
      for (std::size_t i = 0; i < count; ++i) take(first + i, replies[i]);
    }
  }

 private:
  RedisClient& client_;
  std::uint64_t commands_ = 0;
};

/// A command that changes nothing.
RedisCommand read_command(std::vector<std::string> arguments, std::string route_key = {});
/// Why a key's error reply leaves that key out.
Problem problem_of_error(const std::string& key, const RedisReply& reply);

}  // namespace weir
