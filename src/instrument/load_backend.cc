#include "weir/backend.h"

#include <cstdlib>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "instrument/backend_choice.h"
#include "instrument/backend_storage.h"
#include "storage/setup_lock.h"
#include "weir/error.h"
#include "weir/log.h"

namespace weir {
namespace {

constexpr std::string_view kMemoryBackend = "SingleProcessBackend";
constexpr std::string_view kFileBackend = "MultiProcessFileBackend";

struct Registered {
  BackendFactory make;
  BackendInitializer initialize;
};

// What was chosen, and what users have registered. Guarded by the setup lock.
struct Choice {
  std::map<std::string, Registered, std::less<>> registered;
  std::string name;  // empty: nothing chosen yet
  BackendConfig config;
  Storage* storage = nullptr;
  bool used = false;  // a metric was made with it
};

Choice& choice() {
  static constinit std::atomic<Choice*> the{nullptr};
  return made_once(the);
}

std::optional<std::string> variable(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

std::string multiprocess_directory() {
  if (const auto directory = variable("PROMETHEUS_MULTIPROC_DIR")) return *directory;
  return variable("prometheus_multiproc_dir").value_or("");
}

FileLayout file_layout() {
  const auto layout = variable("WEIR_FILE_LAYOUT");
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
  for (const auto& [name, registered] : c.registered) names.push_back(name);
  return fmt::format("{}", fmt::join(names, ", "));
}

Storage& open_backend(const Choice& c, std::string_view name, const BackendConfig& config) {
  if (name == kMemoryBackend) return memory_storage();
  if (name == kFileBackend) return configured_file_storage(config);
  if (name == "MultiProcessRedisBackend") {
    throw ConfigError(
        "backend class MultiProcessRedisBackend: this build of Weir has no Redis storage; use MultiProcessFileBackend");
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
  const auto path = variable(class_variable);
  if (!path) return false;
  BackendConfig config;
  if (const auto file = variable(config_variable)) config = read_backend_config(*file);
  try {
    choose(c, last_part(*path), config);
  } catch (const ConfigError& error) {
    throw ConfigError(fmt::format("{}={}: {}", class_variable, *path, error.what()));
  }
  return true;
}

void choose_by_environment(Choice& c) {
  if (choose_by_class_variable(c, "WEIR_BACKEND_CLASS", "WEIR_BACKEND_CONFIG")) return;
  if (choose_by_class_variable(c, "PYTHEUS_BACKEND_CLASS", "PYTHEUS_BACKEND_CONFIG")) return;
  const std::string directory = multiprocess_directory();
  if (environment_flag("REDIS_ENABLED")) {
    log_line(LogLevel::warning,
             fmt::format("REDIS_ENABLED is set, but this build of Weir has no Redis storage; values go to {}",
                         directory.empty() ? "this process's memory" : directory));
  }
  choose(c, directory.empty() ? kMemoryBackend : kFileBackend, {});
}

}  // namespace

Storage& configured_file_storage(const BackendConfig& config) {
  const auto given = config.find("directory");
  const std::string directory = given != config.end() ? given->second : multiprocess_directory();
  if (directory.empty()) {
    throw ConfigError(
        fmt::format("{}: no directory; set PROMETHEUS_MULTIPROC_DIR or the setting \"directory\"", kFileBackend));
  }
  const bool by_new_name = variable("PROMETHEUS_MULTIPROC_DIR").has_value();
  if (given == config.end() && !by_new_name) {
    log_line(LogLevel::warning, "prometheus_multiproc_dir is deprecated, set PROMETHEUS_MULTIPROC_DIR instead");
  }
  try {
    return file_storage(directory, file_layout());
  } catch (const StorageError& error) {
    throw StorageError(
        fmt::format("{}={}: {}; it must be a directory this process may write, or a place where it may make one",
                    given != config.end() ? "directory"
                    : by_new_name         ? "PROMETHEUS_MULTIPROC_DIR"
                                          : "prometheus_multiproc_dir",
                    directory, error.what()));
  }
}

void register_backend(std::string name, BackendFactory make, BackendInitializer initialize) {
  Choice& c = choice();
  const SetupHold hold;
  if (name.empty() || name == kMemoryBackend || name == kFileBackend || c.registered.contains(name)) {
    throw RegistrationError(
        fmt::format("register_backend: the name \"{}\" is {}", name, name.empty() ? "empty" : "taken"));
  }
  c.registered.emplace(std::move(name), Registered{std::move(make), std::move(initialize)});
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

Storage& chosen_storage() {
  Choice& c = choice();
  const SetupHold hold;
  if (c.storage == nullptr) choose_by_environment(c);
  c.used = true;
  return *c.storage;
}

}  // namespace weir
