#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "model/printable.h"
#include "redis/redis_url.h"
#include "weir/error.h"
#include "weir/redis_options.h"

namespace weir {
namespace {

constexpr std::uint16_t kRedisPort = 6379;
constexpr std::uint16_t kSentinelPort = 26379;

bool is_host_name(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
           c == '_';
  });
}

bool is_ipv6(std::string_view text) {
  in6_addr address;
  return inet_pton(AF_INET6, std::string(text.substr(0, text.find('%'))).c_str(), &address) == 1;
}

/// `text` is one of `hosts`; what stands behind its host is not shown, it may be a password.
RedisAddress parse_host(std::string_view url, std::string_view text, std::uint16_t default_port) {
  RedisAddress address{.host = "", .port = default_port, .socket_path = ""};
  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) refuse_url(url, "a '[' has no ']': an IPv6 address is written [::1]:6379");
    host = text.substr(1, bracket - 1);
    port = text.substr(bracket + 1);
    if (!port.empty() && port[0] != ':') refuse_url(url, "after ']' comes ':' and a port, or nothing");
    has_port = !port.empty();
    if (has_port) port.remove_prefix(1);
  } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    has_port = true;
    if (is_ipv6(text)) refuse_url(url, "an IPv6 address stands in brackets: [::1]:6379");
  }
  address.host = percent_decode(url, host, "host");
  if (address.host.empty()) refuse_url(url, "it names no host");
  if (text.starts_with('[') && !is_ipv6(address.host)) refuse_url(url, "what stands in brackets is no IPv6 address");
  if (!text.starts_with('[') && !is_host_name(address.host))
    refuse_url(url, "a host's name has letters, digits, '-._'");
  if (has_port) address.port = static_cast<std::uint16_t>(parse_port(port));
  if (address.port == 0) {
    refuse_url(url, fmt::format("the port of {} must be a number from 1 to 65535", printable(address.host)));
  }
  return address;
}

std::vector<RedisAddress> parse_hosts(std::string_view url, std::string_view hosts, std::uint16_t default_port) {
  std::vector<RedisAddress> addresses;
  for (std::size_t from = 0; from <= hosts.size();) {
    const std::size_t end = std::min(hosts.find(',', from), hosts.size());
    addresses.push_back(parse_host(url, hosts.substr(from, end - from), default_port));
    from = end + 1;
  }
  return addresses;
}

int parse_db(std::string_view url, std::string_view text) {
  int db = -1;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), db);
  if (failure != std::errc() || end != text.data() + text.size() || db < 0) {
    refuse_url(url, fmt::format("database {} must be a number from 0 to {}", printable(text),
                                std::numeric_limits<int>::max()));
  }
  return db;
}

void parse_user_info(std::string_view url, const UrlParts& parts, RedisOptions& options) {
  const std::size_t colon = parts.user_info.find(':');
  options.username = percent_decode(url, parts.user_info.substr(0, colon), "user");
  if (colon == std::string_view::npos) return;
  options.password = Secret(percent_decode(url, parts.user_info.substr(colon + 1), "password"));
}

void parse_unix(std::string_view url, const UrlParts& parts, RedisOptions& options) {
  constexpr std::size_t kLongestPath = sizeof(sockaddr_un::sun_path) - 1;
  if (!parts.hosts.empty()) refuse_url(url, "a Unix socket has no host: redis+unix:///path/to/socket");
  const std::string path = percent_decode(url, parts.path, "path");
  if (path.size() < 2) refuse_url(url, "it names no socket: redis+unix:///path/to/socket");
  if (path.find('\0') != std::string::npos) refuse_url(url, "a zero byte stands in the path of the socket");
  if (path.size() > kLongestPath) {
    refuse_url(url,
               fmt::format("the path of the socket has {} bytes, at most {} are allowed", path.size(), kLongestPath));
  }
  options.addresses = {RedisAddress{.host = "", .port = kRedisPort, .socket_path = path}};
}

/// The query of a Unix socket's URL may name the database; all else has its place elsewhere.
void parse_query(std::string_view url, const UrlParts& parts, bool is_unix, RedisOptions& options) {
  for (std::string_view rest = parts.query; !rest.empty();) {
    const std::string_view one = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    if (one.empty()) continue;
    const std::string_view name = one.substr(0, one.find('='));
    if (name != "db") {
      refuse_url(url, fmt::format("unknown parameter {}; {}", printable(name),
                                  is_unix ? "a Unix socket's URL takes db alone" : "a URL with a host takes none"));
    }
    if (!is_unix) refuse_url(url, "parameter 'db': with a host the database is the path, redis://host:6379/2");
    options.db = parse_db(url, one.substr(std::min(one.size(), name.size() + 1)));
  }
}

void parse_single_path(std::string_view url, const UrlParts& parts, RedisOptions& options) {
  if (options.addresses.size() > 1) {
    refuse_url(url, "several hosts are for redis+sentinel:// and redis+cluster://");
  }
  if (parts.path.size() > 1) options.db = parse_db(url, parts.path.substr(1));
}

void parse_sentinel_path(std::string_view url, const UrlParts& parts, RedisOptions& options) {
  const std::string_view path = parts.path.empty() ? parts.path : parts.path.substr(1);
  const std::size_t slash = std::min(path.find('/'), path.size());
  options.master_name = percent_decode(url, path.substr(0, slash), "master's name");
  if (options.master_name.empty()) refuse_url(url, "the master's name is missing: redis+sentinel://h1,h2/MASTER/DB");
  if (slash + 1 < path.size()) options.db = parse_db(url, path.substr(slash + 1));
}

void parse_cluster_path(std::string_view url, const UrlParts& parts) {
  if (parts.path.size() > 1 && parse_db(url, parts.path.substr(1)) != 0) {
    refuse_url(url, "a Cluster has database 0 alone");
  }
}

}  // namespace

RedisOptions parse_redis_url(std::string_view url) {
  const UrlParts parts = split_url(url);
  std::string_view scheme = parts.scheme;
  RedisOptions options;
  options.tls.enabled = scheme.starts_with("rediss");
  const std::string_view kind =
      options.tls.enabled ? scheme.substr(6) : scheme.substr(std::min<std::size_t>(5, scheme.size()));
  const bool is_unix = kind == "+unix";
  const bool is_known =
      scheme.starts_with("redis") && (kind.empty() || is_unix || kind == "+sentinel" || kind == "+cluster");
  if (!is_known) {
    refuse_url(url,
               "the scheme must be redis, rediss, redis+unix, redis+sentinel, rediss+sentinel, redis+cluster or "
               "rediss+cluster");
  }
  if (is_unix && options.tls.enabled) refuse_url(url, "there is no TLS on a Unix socket; write redis+unix");
  if (parts.has_user_info) parse_user_info(url, parts, options);
  if (is_unix) {
    parse_unix(url, parts, options);
  } else {
    options.addresses = parse_hosts(url, parts.hosts, kind == "+sentinel" ? kSentinelPort : kRedisPort);
  }
  parse_query(url, parts, is_unix, options);
  if (kind == "+sentinel") {
    options.topology = RedisTopology::sentinel;
    parse_sentinel_path(url, parts, options);
  } else if (kind == "+cluster") {
    options.topology = RedisTopology::cluster;
    parse_cluster_path(url, parts);
  } else if (!is_unix) {
    parse_single_path(url, parts, options);
  }
  return options;
}

}  // namespace weir
