#include "weir/redis_storage_manager.h"

#include <fmt/format.h>

#include "config/environment.h"
#include "instrument/backend_choice.h"
#include "redis_storage/live_gauges.h"
#include "storage/setup_lock.h"
#include "weir/log.h"
#include "weir/redis_storage.h"
#include "weir/redis_storage_client.h"

extern "C" {
extern const char weir_redis_registration;
}

namespace weir {
namespace {

constexpr std::chrono::seconds kLastFlush{5};
constexpr const char* kStorageOfEnvironment = "RedisStorage";

// Whoever links the manager links what makes REDIS_ENABLED known (register.cc), static libraries included.
[[gnu::used]] const char* const registration = &weir_redis_registration;

// Chooses the storage of these settings for metrics made from now on. Settings of a program's own get a name of their
// own, since load_backend's configuration cannot say all of them.
RedisStorageBase& choose_storage(const RedisSettings& settings, bool of_environment) {
  RedisStorageBase& storage = redis_storage(settings);
  storage.resume();
  std::string name = kStorageOfEnvironment;
  if (!of_environment) {
    name += fmt::format("#{}", fmt::ptr(&storage));
    try {
      register_storage(name, [&storage](const BackendConfig&) -> Storage& { return storage; });
    } catch (const RegistrationError&) {
      // An earlier setup() registered it.
    }
  }
  load_backend(name);
  return storage;
}

// What the environment would have chosen without Redis.
BackendChoice choice_without_redis() {
  return {environment::multiprocess_directory().empty() ? "SingleProcessBackend" : "MultiProcessFileBackend", {}};
}

}  // namespace

struct RedisStorageManager::Impl {
  const RedisClientFactory make_client;
  const RedisValueClassFactory make_value_class;
  const std::optional<RedisSettings> given_settings;

  // Guarded by the setup lock.
  bool is_set_up = false;
  RedisSettings settings{};
  RedisStorageBase* storage = nullptr;
  std::optional<BackendChoice> before{};  // the first setup(); what teardown() restores
  std::shared_ptr<RedisClient> client{};
  RedisValueClass value_class{};
  std::shared_ptr<RedisMultiProcessCollector> collector{};

  void remember_choice();
  void set_up(const RedisSettings& wanted);
};

void RedisStorageManager::Impl::remember_choice() {
  const SetupHold hold;
  if (before) return;
  before = backend_choice();
  if (!before || before->name.starts_with(kStorageOfEnvironment)) before = choice_without_redis();
}

// Throws what stands in the way; the storage is chosen all the same once that was possible.
void RedisStorageManager::Impl::set_up(const RedisSettings& wanted) {
  remember_choice();
  RedisStorageBase& chosen = choose_storage(wanted, !given_settings);
  std::shared_ptr<RedisClient> asked = make_client ? make_client() : chosen.client();
  if (asked == nullptr) throw ConfigError("redis_client_factory gave no client");
  asked->ping();
  RedisValueClass values = make_value_class ? make_value_class(asked, wanted.key_prefix)
                                            : RedisStorageClient(asked, wanted.key_prefix).get_value_class();
  const SetupHold hold;
  settings = wanted;
  storage = &chosen;
  client = std::move(asked);
  value_class = std::move(values);
  is_set_up = true;
}

RedisStorageManager::RedisStorageManager(RedisClientFactory redis_client_factory,
                                         RedisValueClassFactory value_class_factory,
                                         std::optional<RedisSettings> settings)
    : impl_(new Impl{.make_client = std::move(redis_client_factory),
                     .make_value_class = std::move(value_class_factory),
                     .given_settings = std::move(settings)}) {}

RedisStorageManager::~RedisStorageManager() = default;

bool RedisStorageManager::setup() {
  if (is_enabled()) return true;
  try {
    const std::optional<RedisSettings>& given = impl_->given_settings;
    const RedisSettings settings = given ? *given : redis_settings_from_environment();
    if (!settings.enabled) {
      log_line(LogLevel::debug, "Redis is not enabled (REDIS_ENABLED); its set-up is skipped");
      return false;
    }
    impl_->set_up(settings);
    log_line(LogLevel::debug, fmt::format("metrics live in Redis at {}", describe(settings.client)));
    return true;
  } catch (const std::exception& error) {
    log_line(LogLevel::error, fmt::format("set-up of Redis metrics: {}", error.what()));
    return false;
  }
}

void RedisStorageManager::teardown() {
  RedisStorageBase* storage = nullptr;
  BackendChoice before;
  {
    const SetupHold hold;
    if (!impl_->is_set_up) return;
    storage = impl_->storage;
    before = impl_->before.value_or(choice_without_redis());
    impl_->is_set_up = false;
    impl_->client.reset();
    impl_->value_class = {};
    impl_->collector.reset();
    impl_->before.reset();
  }
  bool is_all_there = false;
  try {
    load_backend(before.name, before.config);
    is_all_there = storage->stop(kLastFlush);
    log_line(LogLevel::debug, fmt::format("Redis metrics are torn down; new metrics live in {}", before.name));
  } catch (const Error& error) {
    is_all_there = storage->flush(kLastFlush);
    log_line(LogLevel::warning,
             fmt::format("teardown of Redis metrics: metrics stay in Redis and go on being shipped to {}: {}",
                         storage->describe(), error.what()));
  }
  if (!is_all_there) {
    log_line(LogLevel::warning,
             fmt::format("teardown of Redis metrics: {} did not take everything", storage->describe()));
  }
}

bool RedisStorageManager::is_enabled() const {
  const SetupHold hold;
  return impl_->is_set_up;
}

bool RedisStorageManager::is_connected() const {
  const std::shared_ptr<RedisClient> client = get_client();
  if (client == nullptr) return false;
  try {
    return client->ping();
  } catch (const Error& error) {
    log_line(LogLevel::debug, fmt::format("health check of Redis: {}", error.what()));
    return false;
  }
}

std::shared_ptr<RedisClient> RedisStorageManager::get_client() const {
  const SetupHold hold;
  return impl_->client;
}

RedisValueClass RedisStorageManager::get_value_class() const {
  const SetupHold hold;
  return impl_->value_class;
}

std::size_t RedisStorageManager::cleanup_keys() {
  std::shared_ptr<RedisClient> client;
  std::string prefix;
  {
    const SetupHold hold;
    client = impl_->client;
    prefix = impl_->settings.key_prefix;
    if (client == nullptr || impl_->settings.layout == RedisLayout::shared) return 0;  // shared values have no process
  }
  try {
    return remove_live_gauges_of_the_dead(ValueHashes(client, prefix));
  } catch (const Error& error) {
    log_line(LogLevel::warning, fmt::format("clean-up of dead processes' keys in Redis: {}", error.what()));
    return 0;
  }
}

std::shared_ptr<RedisMultiProcessCollector> RedisStorageManager::get_collector() {
  const SetupHold hold;
  if (!impl_->is_set_up) return nullptr;
  if (impl_->collector == nullptr) {
    const bool shared = impl_->settings.layout == RedisLayout::shared;
    impl_->collector = std::make_shared<RedisMultiProcessCollector>(
        impl_->client,
        RedisCollectorOptions{.key_prefix = impl_->settings.key_prefix,
                              .layout = shared ? RedisReadLayout::shared : RedisReadLayout::per_process});
  }
  return impl_->collector;
}

RedisStorageManager& get_redis_storage_manager() {
  static constinit std::atomic<RedisStorageManager*> the{nullptr};
  return made_once(the);
}

bool setup_redis_metrics() { return get_redis_storage_manager().setup(); }
void teardown_redis_metrics() { get_redis_storage_manager().teardown(); }
bool is_redis_enabled() { return get_redis_storage_manager().is_enabled(); }
std::shared_ptr<RedisClient> get_redis_client() { return get_redis_storage_manager().get_client(); }
std::size_t cleanup_redis_keys() { return get_redis_storage_manager().cleanup_keys(); }
std::shared_ptr<RedisMultiProcessCollector> get_redis_collector() {
  return get_redis_storage_manager().get_collector();
}

}  // namespace weir
