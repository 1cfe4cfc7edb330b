#include "weir/redis_settings.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "model/printable.h"
#include "redis_layout/redis_keys.h"
#include "redis_layout/server_settings.h"
#include "redis_layout/setting_lookup.h"
#include "weir/error.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::array<std::string_view, 16> kKnown{"ca_file",
                                                  "cert_file",
                                                  "db",
                                                  "durability",
                                                  "expire_key_time",
                                                  "flush_interval",
                                                  "host",
                                                  "key_file",
                                                  "key_prefix",
                                                  "layout",
                                                  "password",
                                                  "port",
                                                  "spool_directory",
                                                  "ssl",
                                                  "url",
                                                  "username"};
constexpr milliseconds kShortestFlush{10};
constexpr milliseconds kLongestFlush{std::chrono::hours(1)};
constexpr milliseconds kShortestLease{15000};
constexpr std::int64_t kTenYears = std::int64_t{10} * 365 * 86400;  // seconds

/// The enumerator whose name was given; `other` where none was.
template <typename Choice, std::size_t N>
Choice choice_of(const std::optional<SettingLookup::Found>& found, const std::array<Choice, N>& choices, Choice other) {
  if (!found) return other;
  std::string names;
  for (const Choice choice : choices) {
    if (to_string(choice) == found->value) return choice;
    names.append(names.empty() ? "" : " or ").append(to_string(choice));
  }
  throw ConfigError(fmt::format("{}={}: must be {}", found->name, printable(found->value), names));
}

/// pytheus takes a prefix as it is, so a configuration for the shared layout does; empty is none.
std::string shared_prefix(const SettingLookup::Found& found) {
  const bool plain =
      std::ranges::all_of(found.value, [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != '\x7f'; });
  if (plain) return found.value;
  throw ConfigError(
      fmt::format("{}={}: a key prefix must not hold control characters", found.name, printable(found.value)));
}

std::string key_prefix(const SettingLookup& settings, RedisLayout layout) {
  const bool shared = layout == RedisLayout::shared;
  const auto found = settings.find("key_prefix", "REDIS_KEY_PREFIX");
  if (!found) return shared ? "" : "gunicorn";
  if (shared && settings.is_given("key_prefix")) return shared_prefix(*found);
  return checked_key_prefix(found->value, found->name);
}

void check_spool(const SettingLookup& settings, const RedisSettings& made) {
  if (made.durability != RedisDurability::spooled || !made.spool_directory.empty()) return;
  const auto found = settings.find("durability", "WEIR_REDIS_DURABILITY");
  throw ConfigError(fmt::format(
      "{}=\"spooled\": needs WEIR_SPOOL_DIR (setting spool_directory), a directory for the files of this host's "
      "processes",
      found ? found->name : "durability"));
}

RedisSettings settings_from(const SettingLookup& settings, RedisLayout usual_layout) {
  constexpr std::array layouts{RedisLayout::per_process, RedisLayout::shared};
  constexpr std::array durabilities{RedisDurability::buffered, RedisDurability::spooled, RedisDurability::through};
  RedisSettings made;
  made.client = server_from(settings);
  // The class named in a configuration means the shared layout; only it says otherwise.
  const char* const layout_variable = usual_layout == RedisLayout::per_process ? "WEIR_REDIS_LAYOUT" : nullptr;
  made.layout = choice_of(settings.find("layout", layout_variable), layouts, usual_layout);
  made.durability = choice_of(settings.find("durability", "WEIR_REDIS_DURABILITY"), durabilities, made.durability);
  made.key_prefix = key_prefix(settings, made.layout);
  made.ttl = seconds(settings.integer(nullptr, "REDIS_TTL_SECONDS", 1, kTenYears).value_or(made.ttl.count()));
  made.expire_key_time =
      seconds(settings.integer("expire_key_time", nullptr, 1, kTenYears).value_or(made.expire_key_time.count()));
  made.flush_interval = settings.seconds("flush_interval", "WEIR_FLUSH_INTERVAL", kShortestFlush, kLongestFlush)
                            .value_or(made.flush_interval);
  made.lease = std::max(kShortestLease, 5 * made.flush_interval);
  made.spool_directory = settings.text("spool_directory", "WEIR_SPOOL_DIR");
  made.enabled = settings.flag(nullptr, "REDIS_ENABLED");
  // Both are read, so that a wrong value of either is told.
  const bool debug_redis = settings.flag(nullptr, "REDIS_DEBUG");
  const bool debug_all = settings.flag(nullptr, "PROMETHEUS_DEBUG");
  made.debug = debug_redis || debug_all;
  check_spool(settings, made);
  return made;
}

}  // namespace

RedisSettings redis_settings_from_environment() {
  return settings_from(SettingLookup(nullptr), RedisLayout::per_process);
}

RedisSettings redis_settings_from(const BackendConfig& config) {
  for (const auto& [key, value] : config) {
    if (std::ranges::find(kKnown, key) != kKnown.end()) continue;
    throw ConfigError(
        fmt::format("the setting {} is not known; known are: {}", printable(key), fmt::join(kKnown, ", ")));
  }
  RedisSettings made = settings_from(SettingLookup(&config), RedisLayout::shared);
  made.enabled = true;
  return made;
}

std::string_view to_string(RedisLayout layout) noexcept {
  return layout == RedisLayout::shared ? "shared" : "per-process";
}

std::string_view to_string(RedisDurability durability) noexcept {
  switch (durability) {
    case RedisDurability::spooled:
      return "spooled";
    case RedisDurability::through:
      return "through";
    case RedisDurability::buffered:
      break;
  }
  return "buffered";
}

}  // namespace weir
