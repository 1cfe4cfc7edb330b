#include "redis_layout/server_settings.h"

#include <algorithm>

#include <fmt/format.h>

#include "model/printable.h"
#include "weir/error.h"

namespace weir {
namespace {

constexpr std::int64_t kLargestPort = 65535;
constexpr std::int64_t kLargestDb = 2147483647;

/// A URL given as a host may hold a password, in front of its last '@'.
std::string without_user_info(const std::string& host) {
  const std::size_t at = host.rfind('@');
  return at == std::string::npos ? host : "***" + host.substr(at);
}

std::string host_of(const SettingLookup& settings) {
  const auto found = settings.find("host", "REDIS_HOST");
  if (!found) return "localhost";
  std::string host = found->value;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const bool plain = std::ranges::all_of(host, [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != '\x7f' && std::string_view("/@[],").find(c) == std::string::npos;
  });
  const bool has_port = std::ranges::count(host, ':') == 1;
  if (host.empty() || !plain || has_port) {
    throw ConfigError(
        fmt::format("{}={}: must be a host name or an address alone; a port goes to REDIS_PORT, a URL to "
                    "PROMETHEUS_REDIS_URL",
                    found->name, printable(without_user_info(found->value))));
  }
  return host;
}

RedisOptions options_of_parts(const SettingLookup& settings) {
  RedisOptions options;
  const std::int64_t port = settings.integer("port", "REDIS_PORT", 1, kLargestPort).value_or(6379);
  options.addresses = {RedisAddress{host_of(settings), static_cast<std::uint16_t>(port), ""}};
  options.db = static_cast<int>(settings.integer("db", "REDIS_DB", 0, kLargestDb).value_or(0));
  return options;
}

RedisOptions options_of_url(const SettingLookup& settings, const SettingLookup::Found& url) {
  RedisOptions options;
  try {
    options = parse_redis_url(url.value);
  } catch (const ConfigError& error) {
    throw ConfigError(fmt::format("{}: {}", url.name, error.what()));
  }
  // The environment's URL beats REDIS_DB, but not what a configuration says.
  if (settings.is_given("db") && !settings.is_given("url")) {
    options.db = static_cast<int>(settings.integer("db", nullptr, 0, kLargestDb).value_or(0));
  }
  return options;
}

/// A user and a password the URL has none of. A user of another source goes with a password of that source.
void fill_in_authentication(const SettingLookup& settings, RedisOptions& options) {
  if (options.username.empty()) options.username = settings.text("username", "REDIS_USERNAME");
  if (!options.password.empty()) return;
  options.password = Secret(settings.is_given("password") ? settings.text("password", nullptr)
                                                          : environment::secret("REDIS_PASSWORD", "redis-password"));
}

void fill_in_tls(const SettingLookup& settings, RedisOptions& options) {
  RedisTls& tls = options.tls;
  const bool is_unix = !options.addresses[0].socket_path.empty();
  if (settings.flag("ssl", "REDIS_SSL") && !is_unix) tls.enabled = true;
  tls.ca_file = settings.text("ca_file", "REDIS_CA_FILE");
  tls.cert_file = settings.text("cert_file", "REDIS_CERT_FILE");
  tls.key_file = settings.text("key_file", "REDIS_KEY_FILE");
  if (!tls.key_file.empty() && tls.cert_file.empty()) {
    const auto key = settings.find("key_file", "REDIS_KEY_FILE");
    throw ConfigError(fmt::format("{}={}: a key without its certificate; name that with REDIS_CERT_FILE (cert_file)",
                                  key->name, printable(key->value)));
  }
}

}  // namespace

RedisOptions server_from(const SettingLookup& settings) {
  const bool names_a_host = settings.is_given("host") || settings.is_given("port");
  auto url = settings.find("url", names_a_host ? nullptr : "PROMETHEUS_REDIS_URL");
  RedisOptions options = url ? options_of_url(settings, *url) : options_of_parts(settings);
  fill_in_authentication(settings, options);
  fill_in_tls(settings, options);
  return options;
}

}  // namespace weir
