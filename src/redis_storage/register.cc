// Makes Redis known to load_backend in every program that links weir-redis, also one that calls nothing of it.
//
// Such a program's linker would leave this file in its archive: whoever links weir::redis or weir-redis asks for the
// symbol weir_redis_registration (-u), which stands here (of a shared library, with --no-as-needed). It runs before
// objects of static duration are made, because metrics may be such objects, and the first one chooses the storage.
#include "config/environment.h"
#include "weir/backend.h"
#include "weir/error.h"
#include "weir/redis_settings.h"
#include "weir/redis_storage.h"

extern "C" {
[[gnu::visibility("default")]] extern const char weir_redis_registration;
const char weir_redis_registration = 1;
}

namespace weir {
namespace {

/// What REDIS_ENABLED asks for.
Storage& storage_of_the_environment(const BackendConfig& config) {
  RedisSettings settings;
  if (config.empty()) {
    settings = redis_settings_from_environment();
    settings.enabled = true;
  } else {
    BackendConfig with_layout = config;
    with_layout.try_emplace("layout", environment::variable("WEIR_REDIS_LAYOUT").value_or("per-process"));
    settings = redis_settings_from(with_layout);
  }
  return redis_storage(settings);
}

/// pytheus' class: the shared layout.
Storage& storage_of_pytheus(const BackendConfig& config) { return redis_storage(redis_settings_from(config)); }

[[gnu::constructor(101)]] void register_redis() noexcept {
  try {
    register_storage("RedisStorage", storage_of_the_environment);
    register_storage("MultiProcessRedisBackend", storage_of_pytheus);
  } catch (const RegistrationError&) {
    // The program has loaded weir-redis twice (a library of its own has it too): the first one stays.
  }
}

}  // namespace
}  // namespace weir
