#include "weir/backend.h"

#include <algorithm>
#include <initializer_list>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/environment.h"
#include "config/redis_support.h"
#include "instrument/backend_choice.h"
#include "instrument/backend_storage.h"
#include "model/printable.h"
#include "storage/setup_lock.h"
#include "weir/error.h"
#include "weir/log.h"

namespace weir {
namespace {

constexpr std::string_view kMemoryBackend = "SingleProcessBackend";
constexpr std::string_view kFileBackend = "MultiProcessFileBackend";
constexpr std::string_view kRedisStorage = "RedisStorage";              // what REDIS_ENABLED asks for
constexpr std::string_view kRedisBackend = "MultiProcessRedisBackend";  // pytheus' name

struct Registered {
  BackendFactory make;
  BackendInitializer initialize;
};

// What was chosen, and what users have registered. Guarded by the setup lock.
struct Choice {
  std::map<std::string, Registered, std::less<>> registered;
  std::map<std::string, StorageFactory, std::less<>> storages;
  std::string name;  // empty: nothing chosen yet
  BackendConfig config;
  Storage* storage = nullptr;
  bool used = false;  // a metric was made with it
};

Choice& choice() {
  static constinit std::atomic<Choice*> the{nullptr};
  return made_once(the);
}

FileLayout file_layout() {
  const auto layout = environment::variable("WEIR_FILE_LAYOUT");
  if (!layout || *layout == "current") return FileLayout::current;
  if (*layout == "0.16") return FileLayout::v0_16;
  throw ConfigError(fmt::format("WEIR_FILE_LAYOUT={}: must be \"current\" or \"0.16\"", *layout));
}

// `pytheus.backends.redis.MultiProcessFileBackend` counts by its last part.
std::string_view last_part(std::string_view import_path) {
  const std::size_t dot = import_path.rfind('.');
  return dot == std::string_view::npos ? import_path : import_path.substr(dot + 1);
}

std::string known_classes(const Choice& c) {
  std::vector<std::string_view> names{kMemoryBackend, kFileBackend};
  for (const auto& [name, make] : c.storages) names.push_back(name);
  for (const auto& [name, registered] : c.registered) names.push_back(name);
  return fmt::format("{}", fmt::join(names, ", "));
}

void refuse_unknown_settings(std::string_view name, const BackendConfig& config,
                             std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : config) {
    if (std::ranges::find(known, key) != known.end()) continue;
    throw ConfigError(fmt::format("{}: the setting {} is not known; known are: {}", name, printable(key),
                                  known.size() == 0 ? "none" : fmt::format("{}", fmt::join(known, ", "))));
  }
}

Storage& open_backend(const Choice& c, std::string_view name, const BackendConfig& config) {
  if (name == kMemoryBackend) {
    refuse_unknown_settings(name, config, {});
    return memory_storage();
  }
  if (name == kFileBackend) return configured_file_storage(config);
  if (const auto storage = c.storages.find(name); storage != c.storages.end()) return storage->second(config);
  if (name == kRedisBackend || name == kRedisStorage) {
    throw ConfigError(fmt::format("backend class {}: {}", name, kHowToLinkRedis));
  }
  const auto it = c.registered.find(name);
  if (it == c.registered.end()) {
    throw ConfigError(fmt::format("backend class \"{}\" is not known; known are: {} (register_backend adds others)",
                                  name, known_classes(c)));
  }
  if (it->second.initialize) it->second.initialize(config);
  return *new BackendStorage(std::string(name), config, it->second.make);  // storages live as long as the process
}

void choose(Choice& c, std::string_view name, const BackendConfig& config) {
  if (c.name == name && c.config == config) return;
  if (c.used) {
    throw ConfigError(fmt::format(
        "load_backend(\"{}\"): metrics exist already in {}; load the backend before the first metric", name, c.name));
  }
  memory_storage();  // what full storages fall back to; made before the registration lock is held
  c.storage = &open_backend(c, name, config);
  c.name = name;
  c.config = config;
}

bool choose_by_class_variable(Choice& c, const char* class_variable, const char* config_variable) {
  const auto path = environment::variable(class_variable);
  if (!path) return false;
  BackendConfig config;
  if (const auto file = environment::variable(config_variable)) config = read_backend_config(*file);
  try {
    choose(c, last_part(*path), config);
  } catch (const ConfigError& error) {
    throw ConfigError(fmt::format("{}={}: {}", class_variable, *path, error.what()));
  }
  return true;
}

// pytheus' own variable may speak to the Python programs beside this one, which name their class in code; ours cannot.
void refuse_settings_of_no_class() {
  const auto file = environment::variable("WEIR_BACKEND_CONFIG");
  if (!file || environment::variable("WEIR_BACKEND_CLASS")) return;
  throw ConfigError(fmt::format(
      "WEIR_BACKEND_CONFIG={}: settings of no backend; set WEIR_BACKEND_CLASS to the class they belong to", *file));
}

void choose_by_environment(Choice& c) {
  refuse_settings_of_no_class();
  if (choose_by_class_variable(c, "WEIR_BACKEND_CLASS", "WEIR_BACKEND_CONFIG")) return;
  if (choose_by_class_variable(c, "PYTHEUS_BACKEND_CLASS", "PYTHEUS_BACKEND_CONFIG")) return;
  const bool wants_redis = environment::flag("REDIS_ENABLED");
  if (wants_redis && c.storages.contains(kRedisStorage)) return choose(c, kRedisStorage, {});
  const std::string directory = environment::multiprocess_directory();
  if (wants_redis && directory.empty()) {  // memory would lose what somebody wants to read elsewhere, and say nothing
    throw ConfigError(fmt::format("REDIS_ENABLED is set, but {}; or set PROMETHEUS_MULTIPROC_DIR", kHowToLinkRedis));
  }
  if (wants_redis && c.storage == nullptr) {
    log_line(LogLevel::warning,
             fmt::format("REDIS_ENABLED is set, but {}; values go to {}", kHowToLinkRedis, directory));
  }
  choose(c, directory.empty() ? kMemoryBackend : kFileBackend, {});
}

bool is_taken(const Choice& c, std::string_view name) {
  return name == kMemoryBackend || name == kFileBackend || c.registered.contains(name) || c.storages.contains(name);
}

void check_free(const Choice& c, std::string_view function, std::string_view name) {
  if (name.empty()) throw RegistrationError(fmt::format("{}: the name is empty", function));
  if (is_taken(c, name)) throw RegistrationError(fmt::format("{}: the name {} is taken", function, printable(name)));
}

}  // namespace

Storage& configured_file_storage(const BackendConfig& config) {
  refuse_unknown_settings(kFileBackend, config, {"directory"});
  const auto given = config.find("directory");
  const bool is_given = given != config.end();
  const std::string directory = is_given ? given->second : environment::multiprocess_directory();
  if (directory.empty()) {
    throw ConfigError(
        fmt::format("{}: no directory; set PROMETHEUS_MULTIPROC_DIR or the setting \"directory\"", kFileBackend));
  }
  try {
    return file_storage(directory, file_layout());
  } catch (const StorageError& error) {
    throw StorageError(
        fmt::format("{}={}: {}; it must be a directory this process may write, or a place where it may make one",
                    is_given ? "directory" : environment::multiprocess_directory_variable(), directory, error.what()));
  }
}

void register_backend(std::string name, BackendFactory make, BackendInitializer initialize) {
  Choice& c = choice();
  const SetupHold hold;
  check_free(c, "register_backend", name);
  c.registered.emplace(std::move(name), Registered{std::move(make), std::move(initialize)});
}

void register_storage(std::string name, StorageFactory make) {
  Choice& c = choice();
  const SetupHold hold;
  check_free(c, "register_storage", name);
  c.storages.emplace(std::move(name), std::move(make));
}

void load_backend() {
  Choice& c = choice();
  const SetupHold hold;
  choose_by_environment(c);
}

void load_backend(std::string_view backend_class, const BackendConfig& config) {
  Choice& c = choice();
  const SetupHold hold;
  choose(c, last_part(backend_class), config);
}

std::string backend_class() {
  Choice& c = choice();
  const SetupHold hold;
  if (c.storage == nullptr) choose_by_environment(c);
  return c.name;
}

bool redis_available() {
  const Choice& c = choice();
  const SetupHold hold;
  return c.storages.contains(kRedisStorage);
}

std::optional<BackendChoice> backend_choice() {
  const Choice& c = choice();
  const SetupHold hold;
  if (c.storage == nullptr) return std::nullopt;
  return BackendChoice{c.name, c.config};
}

Storage& chosen_storage() {
  Choice& c = choice();
  const SetupHold hold;
  if (c.storage == nullptr) choose_by_environment(c);
  c.used = true;
  return *c.storage;
}

}  // namespace weir
