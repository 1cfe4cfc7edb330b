#include "weir/redis_options.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include "redis/redis_url.h"

namespace weir {
namespace {

std::string_view scheme_of(const RedisOptions& options) {
  const bool tls = options.tls.enabled;
  switch (options.topology) {
    case RedisTopology::sentinel:
      return tls ? "rediss+sentinel" : "redis+sentinel";
    case RedisTopology::cluster:
      return tls ? "rediss+cluster" : "redis+cluster";
    case RedisTopology::single:
      break;
  }
  if (!options.addresses.empty() && !options.addresses[0].socket_path.empty()) return "redis+unix";
  return tls ? "rediss" : "redis";
}

std::string address_list(const RedisOptions& options) {
  std::string list;
  for (const RedisAddress& address : options.addresses) {
    if (!list.empty()) list += ',';
    list += percent_encode(to_string(address), address.socket_path.empty() ? "[]:" : "/");
  }
  return list;
}

}  // namespace

Secret::~Secret() {
  value_.resize(value_.capacity());  // what a longer value left behind, too
  OPENSSL_cleanse(value_.data(), value_.size());
}

std::string to_string(const RedisAddress& address) {
  if (!address.socket_path.empty()) return address.socket_path;
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", address.host, address.port)
                 : fmt::format("{}:{}", address.host, address.port);
}

std::string describe(const RedisOptions& options) {
  std::string url = fmt::format("{}://", scheme_of(options));
  if (!options.username.empty()) url += percent_encode(options.username) + "@";
  url += address_list(options);
  switch (options.topology) {
    case RedisTopology::sentinel:
      return fmt::format("{}/{}/{}", url, percent_encode(options.master_name), options.db);
    case RedisTopology::cluster:
      return url;
    case RedisTopology::single:
      break;
  }
  const bool is_unix = !options.addresses.empty() && !options.addresses[0].socket_path.empty();
  return fmt::format("{}{}{}", url, is_unix ? "?db=" : "/", options.db);
}

}  // namespace weir
