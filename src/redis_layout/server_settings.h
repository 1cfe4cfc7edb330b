// Which Redis the settings mean, and how it is spoken to: `client` of RedisSettings.
//
// Thread safety: pure but for the environment.
#pragma once

#include "redis_layout/setting_lookup.h"
#include "weir/redis_options.h"

namespace weir {

/// First that speaks: a configuration's `url`; its `host` or `port`; PROMETHEUS_REDIS_URL; REDIS_HOST and REDIS_PORT;
/// localhost:6379. What belongs to one server goes to no other: a configuration that names a server gets nothing of
/// PROMETHEUS_REDIS_URL. Throws ConfigError; no message shows a password.
RedisOptions server_from(const SettingLookup& settings);

}  // namespace weir
