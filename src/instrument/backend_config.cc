#include <fmt/format.h>
#include <simdjson.h>

#include "instrument/backend_choice.h"
#include "weir/error.h"

namespace weir {
namespace {

std::string spelling(simdjson::dom::element value) {
  if (value.is_string()) return std::string(value.get_string().value());
  return simdjson::minify(value);
}

}  // namespace

BackendConfig read_backend_config(const std::string& path) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  if (const auto error = parser.load(path).get(document)) {
    throw ConfigError(fmt::format("backend configuration {}: {}; it must be a readable file with one JSON object", path,
                                  simdjson::error_message(error)));
  }
  simdjson::dom::object object;
  if (document.get(object))
    throw ConfigError(
        fmt::format("backend configuration {}: not a JSON object, such as {{\"directory\": \"/run/metrics\"}}", path));
  BackendConfig config;
  for (const auto& [key, value] : object) config.insert_or_assign(std::string(key), spelling(value));
  return config;
}

}  // namespace weir
