#include <fmt/format.h>

#include "model/printable.h"
#include "redis/clients.h"
#include "weir/error.h"
#include "weir/redis_client.h"

namespace weir {
namespace {

void require(bool holds, const RedisOptions& options, std::string_view what) {
  if (!holds) throw ConfigError(fmt::format("Redis options of {}: {}", printable(describe(options)), what));
}

void check_addresses(const RedisOptions& options) {
  const bool is_single = options.topology == RedisTopology::single;
  require(!options.addresses.empty(), options, "addresses is empty, at least one is needed");
  require(!is_single || options.addresses.size() == 1, options, "one server has one address");
  for (const RedisAddress& address : options.addresses) {
    if (address.socket_path.empty()) {
      require(!address.host.empty(), options, "an address has neither host nor socket");
      require(address.port != 0, options, "port 0 must be 1 to 65535");
    } else {
      require(is_single, options, "a Unix socket is for one server, not for Sentinels or a Cluster");
      require(!options.tls.enabled, options, "there is no TLS on a Unix socket");
    }
  }
}

void check(const RedisOptions& options) {
  using std::chrono::milliseconds;
  check_addresses(options);
  require(options.topology != RedisTopology::sentinel || !options.master_name.empty(), options,
          "master_name is empty, Sentinels are asked by it");
  require(options.db >= 0, options, fmt::format("db {} must be 0 to 2147483647", options.db));
  require(options.topology != RedisTopology::cluster || options.db == 0, options,
          fmt::format("db {}, but a Cluster has database 0 alone", options.db));
  require(options.connect_timeout >= milliseconds(1), options, "connect_timeout must be at least 1 ms");
  require(options.reply_timeout >= milliseconds(1), options, "reply_timeout must be at least 1 ms");
  require(options.health_check_interval >= milliseconds(0), options, "health_check_interval must not be negative");
  require(options.pool_size >= 1, options, "pool_size must be at least 1");
  require(options.tls.cert_file.empty() == options.tls.key_file.empty(), options,
          "tls.cert_file and tls.key_file come together or not at all");
}

}  // namespace

std::shared_ptr<RedisClient> make_redis_client(RedisOptions options) {
  check(options);
  switch (options.topology) {
    case RedisTopology::sentinel:
      return make_sentinel_client(std::move(options));
    case RedisTopology::cluster:
      return make_cluster_client(std::move(options));
    case RedisTopology::single:
      break;
  }
  return make_single_client(std::move(options));
}

}  // namespace weir
