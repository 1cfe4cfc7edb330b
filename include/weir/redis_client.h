// A client of one Redis: a server, a Sentinel's master, or a Cluster.
//
//   auto client = weir::make_redis_client(weir::parse_redis_url("redis://localhost:6379/0"));
//   client->ping();
//   weir::RedisReply reply = client->command({{"HGET", "key", "value"}});
//   std::vector<weir::RedisReply> replies = client->pipeline(commands);      // one round trip a node
//
// RedisClientProtocol is what the storage asks of a client; programs may bring their own (tests, other transports).
//
// Thread safety: every member from any thread; a pipeline has a connection of its own while it runs.
// Process safety: a forked child opens connections of its own and leaves the parent's alone (closes them without a
// word, P12); no lock is held over a socket.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weir/redis_error.h"
#include "weir/redis_options.h"
#include "weir/redis_reply.h"

namespace weir {

struct RedisCommand {
  std::vector<std::string> arguments;  ///< name first
  /// A Cluster routes by this key; empty: by the command's own first key (argument 1; of EVAL and EVALSHA argument 3).
  std::string route_key{};
  bool repeatable = false;  ///< harmless when executed twice: sent again when its connection broke or its time was up
  bool reads = false;       ///< changes nothing: a replica may answer
};

/// What a client has met since it was made.
struct RedisClientStatistics {
  /// Upper bounds of the latency buckets, in seconds; the last is +Inf.
  static constexpr double kLatencyBounds[] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                              0.025,  0.05,    0.1,    0.25,  0.5,    1,     2.5};
  std::uint64_t commands = 0;
  std::uint64_t pipelines = 0;
  std::uint64_t connections_opened = 0;
  std::uint64_t failures_connection = 0;
  std::uint64_t failures_timeout = 0;
  std::uint64_t failures_authentication = 0;
  std::uint64_t failures_protocol = 0;
  std::uint64_t errors_replied = 0;
  std::vector<std::uint64_t> latency_buckets;  ///< round trips a bucket, not cumulated; bounds plus one
  double latency_sum = 0;                      ///< seconds
};

class RedisClientProtocol {
 public:
  virtual ~RedisClientProtocol() = default;
  /// Asks the server; false never: throws RedisConnectionError, RedisTimeoutError or RedisAuthenticationError.
  virtual bool ping() = 0;
  /// One reply a command, in order. Throws nothing for what befalls a command: such replies are errors or failures.
  virtual std::vector<RedisReply> pipeline(std::span<const RedisCommand> commands) = 0;
  /// Rises whenever values acknowledged before may be gone: a new connection, another master, a moved slot. A writer
  /// that sees it rise looks at what it owns again (P8).
  virtual std::uint64_t generation() const = 0;
  /// True when keys must share a slot to be used in one script.
  virtual bool is_cluster() const = 0;
  /// For people: the URL without password.
  virtual std::string describe() const = 0;

  /// One command. Throws what its reply stands for; see RedisReply::throw_if_bad.
  RedisReply command(const RedisCommand& command);
};

class RedisClient : public RedisClientProtocol {
 public:
  virtual RedisClientStatistics statistics() const = 0;
  /// The same command to every master of a Cluster (SCAN, DBSIZE, INFO), or to the one server; a reply a node, in a
  /// stable order while the topology stays. `cursors` of SCAN differ by node: see scan_keys.
  virtual std::vector<RedisReply> on_every_master(const RedisCommand& command) = 0;
  /// Every key that matches `pattern`, of all masters, each once at least. Throws on failure.
  virtual std::vector<std::string> scan_keys(const std::string& pattern, std::size_t count = 1000) = 0;
};

/// Makes a client; connects at the first command. Throws ConfigError for options that cannot be used.
std::shared_ptr<RedisClient> make_redis_client(RedisOptions options);

/// A script the server keeps by its SHA-1. Loads itself again when the server forgot it (NOSCRIPT).
class RedisScript {
 public:
  explicit RedisScript(std::string source);
  const std::string& source() const noexcept { return source_; }
  const std::string& sha() const noexcept { return sha_; }

  /// The command that runs it. Keys come first in `arguments`.
  RedisCommand call(std::span<const std::string> keys, std::span<const std::string> arguments) const;

 private:
  std::string source_;
  std::string sha_;
};

/// Runs script calls in one pipeline; those answered NOSCRIPT are run again by source. Replies in order.
std::vector<RedisReply> run_scripts(RedisClientProtocol& client, const RedisScript& script,
                                    std::span<const RedisCommand> calls);

}  // namespace weir
