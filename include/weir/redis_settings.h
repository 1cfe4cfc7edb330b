// How a program's metrics live in Redis: which server, which layout, how durable.
//
//   weir::RedisSettings settings = weir::redis_settings_from_environment();
//   settings.flush_interval = std::chrono::milliseconds(200);
//   weir::Registry registry{weir::redis_storage(settings)};
//
// Environment (every variable is optional; docs/redis.md has the table): REDIS_ENABLED, PROMETHEUS_REDIS_URL (beats
// the next five), REDIS_HOST, REDIS_PORT, REDIS_DB, REDIS_USERNAME, REDIS_PASSWORD, REDIS_SSL, REDIS_CA_FILE,
// REDIS_CERT_FILE, REDIS_KEY_FILE, REDIS_KEY_PREFIX, REDIS_TTL_SECONDS, REDIS_DEBUG, PROMETHEUS_DEBUG,
// WEIR_REDIS_LAYOUT, WEIR_REDIS_DURABILITY, WEIR_FLUSH_INTERVAL, WEIR_SPOOL_DIR.
//
// Thread safety: values; reading the environment is as safe as getenv.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "weir/backend.h"
#include "weir/redis_options.h"

namespace weir {

/// Which keys hold the values. `per_process`: gunicorn_prometheus_exporter's, one key a process and sample.
/// `shared`: pytheus', one value for all processes.
enum class RedisLayout : std::uint8_t { per_process, shared };

/// What a SIGKILL may lose. `buffered`: what was counted since the last flush. `spooled`: nothing, cells lie in files
/// of WEIR_SPOOL_DIR until they are shipped. `through`: nothing Redis keeps; each write waits for Redis.
enum class RedisDurability : std::uint8_t { buffered, spooled, through };

struct RedisSettings {
  bool enabled = false;
  RedisOptions client;
  /// Of the per-process layout; of the shared one, `<key_prefix>-` if not empty. From the environment without
  /// REDIS_KEY_PREFIX: `gunicorn`, in the shared layout empty.
  std::string key_prefix = "gunicorn";
  std::chrono::seconds ttl{300};  ///< how long a dead process's own keys stay before they are folded; 1 s to 10 years
  RedisLayout layout = RedisLayout::per_process;
  RedisDurability durability = RedisDurability::buffered;
  std::chrono::milliseconds flush_interval{1000};  ///< 10 ms to 1 hour
  std::chrono::milliseconds lease{15000};  ///< silence after which a process counts as dead; at least 3 flush intervals
  std::string spool_directory;             ///< for `spooled`
  std::chrono::seconds expire_key_time{3600};  ///< shared layout: idle keys go after this; a live writer renews its own
  bool debug = false;
};

/// Throws ConfigError naming the variable, its value and what would be right.
RedisSettings redis_settings_from_environment();
/// From the configuration of `MultiProcessRedisBackend`: `host`, `port`, `db`, `username`, `password`, `ssl`,
/// `ca_file`, `cert_file`, `key_file`, `url`, `key_prefix`, `expire_key_time`, `layout` (shared), `durability`,
/// `flush_interval`, `spool_directory`; what it does not say comes from the environment. Throws ConfigError naming the
/// setting, also one it does not know.
RedisSettings redis_settings_from(const BackendConfig& config);

std::string_view to_string(RedisLayout layout) noexcept;          ///< `per-process`, `shared`
std::string_view to_string(RedisDurability durability) noexcept;  ///< `buffered`, `spooled`, `through`

}  // namespace weir
