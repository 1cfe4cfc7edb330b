// One setting at a time, from a backend's configuration and, where that is silent, from the environment.
//
//   const SettingLookup settings(&config);
//   options.db = static_cast<int>(settings.integer("db", "REDIS_DB", 0, 2147483647).value_or(0));
//
// Messages name whichever spoke: `setting port="x": must be …` or `REDIS_PORT="x": must be …`.
//
// Thread safety: values; reads the environment as config/environment.h does.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "config/environment.h"
#include "weir/backend.h"

namespace weir {

class SettingLookup {
 public:
  struct Found {
    std::string name;  // for messages
    std::string value;
  };

  /// `config` must outlive it; nullptr: the environment alone.
  explicit SettingLookup(const BackendConfig* config) : config_(config) {}

  /// Either name may be nullptr: then only the other may speak. What a configuration says counts even when empty.
  std::optional<Found> find(const char* key, const char* variable) const {
    if (is_given(key)) return Found{std::string("setting ") + key, config_->find(std::string_view(key))->second};
    if (variable == nullptr) return std::nullopt;
    auto value = environment::variable(variable);
    if (!value) return std::nullopt;
    return Found{variable, std::move(*value)};
  }
  bool is_given(const char* key) const {
    return config_ != nullptr && key != nullptr && config_->contains(std::string_view(key));
  }
  std::string text(const char* key, const char* variable) const {
    auto found = find(key, variable);
    return found ? std::move(found->value) : std::string();
  }
  bool flag(const char* key, const char* variable) const {
    const auto found = find(key, variable);
    return found && environment::parse_flag(found->name, found->value);
  }
  std::optional<std::int64_t> integer(const char* key, const char* variable, std::int64_t least,
                                      std::int64_t most) const {
    const auto found = find(key, variable);
    if (!found) return std::nullopt;
    return environment::parse_integer(found->name, found->value, least, most);
  }
  std::optional<std::chrono::milliseconds> seconds(const char* key, const char* variable,
                                                   std::chrono::milliseconds least,
                                                   std::chrono::milliseconds most) const {
    const auto found = find(key, variable);
    if (!found) return std::nullopt;
    return environment::parse_seconds(found->name, found->value, least, most);
  }

 private:
  const BackendConfig* config_;
};

}  // namespace weir
