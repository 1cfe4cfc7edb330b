// Reading YAML with messages an operator can act on: file, line, key, value, what would be right.
//
//   read_mapping(at, node, {{"min_version", [&](const YamlPlace& place, const YAML::Node& value) { … }}});
//
// Thread safety: pure functions.
#pragma once

#include <yaml-cpp/yaml.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

/// Where a value stands.
struct YamlPlace {
  std::string file;
  std::string key;  ///< with the keys above it: `tls_server_config.min_version`
  int line = 0;     ///< from 1

  /// Throws ConfigError: `web config file "F", line 3: KEY <what>`.
  [[noreturn]] void refuse(std::string_view what) const;
};

using YamlHandler = std::function<void(const YamlPlace& place, const YAML::Node& value)>;
using YamlHandlers = std::vector<std::pair<std::string_view, YamlHandler>>;

/// The one document; empty where the text holds none. Throws ConfigError for what is not YAML, holds a NUL, or holds
/// several documents.
YAML::Node parse_yaml(std::string_view text, const std::string& file);

/// Every entry of a mapping; an empty value is an empty mapping. Throws for what is no mapping, and for keys that stand
/// twice or are no plain text.
void read_entries(const YamlPlace& at, const YAML::Node& node, const YamlHandler& entry);
/// The entries of a mapping whose keys are known; an empty value counts as not written. Throws for any other key,
/// naming those there are.
void read_mapping(const YamlPlace& at, const YAML::Node& node, const YamlHandlers& known);

/// One text.
std::string read_text(const YamlPlace& at, const YAML::Node& node);
bool read_flag(const YamlPlace& at, const YAML::Node& node);
/// A list of texts, each handed over with its own line.
void read_list(const YamlPlace& at, const YAML::Node& node,
               const std::function<void(const YamlPlace& place, const std::string& text)>& item);

}  // namespace weir
