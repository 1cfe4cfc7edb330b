// Where a Redis is and how to talk to it.
//
//   weir::RedisOptions options = weir::parse_redis_url("rediss://metrics@redis.example.com:6379/2");
//   options.password = weir::Secret(read_file(…));
//   std::shared_ptr<weir::RedisClient> client = weir::make_redis_client(options);
//
// URLs: redis://[user:password@]host[:port][/db], redis+unix:///path/to/socket[?db=N],
// redis+sentinel://h1:26379,h2:26379/MASTER/DB, redis+cluster://h1,h2; `rediss` in place of `redis` speaks TLS.
// User and password are percent-decoded.
//
// Thread safety: values.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

/// A password: it prints as nothing, compares, and is wiped when it goes.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret(Secret&&) noexcept = default;
  Secret& operator=(Secret other) noexcept {  // what was there goes, and is wiped, with `other`
    value_.swap(other.value_);
    return *this;
  }
  ~Secret();

  bool empty() const noexcept { return value_.empty(); }
  /// For the AUTH command alone.
  const std::string& reveal() const noexcept { return value_; }
  bool operator==(const Secret&) const = default;

 private:
  std::string value_;
};

struct RedisAddress {
  std::string host;  ///< name, IPv4 or IPv6 without brackets; empty for a Unix socket
  std::uint16_t port = 6379;
  std::string socket_path;  ///< of a Unix socket; else empty

  bool operator==(const RedisAddress&) const = default;
  auto operator<=>(const RedisAddress&) const = default;
};
/// `host:port`, `[::1]:6379` or the socket's path.
std::string to_string(const RedisAddress& address);

struct RedisTls {
  bool enabled = false;
  std::string ca_file;      ///< PEM; empty: the system's
  std::string cert_file;    ///< PEM, the client's; empty: none
  std::string key_file;     ///< PEM, of cert_file
  std::string server_name;  ///< for SNI and the host check; empty: the address's host
};

enum class RedisTopology : std::uint8_t { single, sentinel, cluster };

struct RedisOptions {
  RedisTopology topology = RedisTopology::single;
  std::vector<RedisAddress> addresses{{"localhost", 6379, ""}};  ///< one; or Sentinels, or some of a Cluster's nodes
  std::string master_name;                                       ///< Sentinel's name of the master
  int db = 0;                                                    ///< 0 to 2147483647; a Cluster has 0 alone
  std::string username;                                          ///< empty: `default`
  Secret password;
  RedisTls tls;
  std::chrono::milliseconds connect_timeout{5000};         ///< at least 1 ms
  std::chrono::milliseconds reply_timeout{5000};           ///< of every reply, at least 1 ms
  std::chrono::milliseconds health_check_interval{30000};  ///< a connection idle for longer is asked PING first
  std::size_t pool_size = 4;                               ///< connections kept a node, at least 1
  bool read_from_replicas = false;                         ///< commands marked `reads` may go to a replica
};

/// Throws ConfigError naming what is wrong with `url`; the message holds no password.
RedisOptions parse_redis_url(std::string_view url);
/// The URL for people: without password.
std::string describe(const RedisOptions& options);

}  // namespace weir
