#include "http/request_reading.h"

#include <strings.h>

#include <string_view>
#include <utility>

#include "http/api.h"

namespace weir {

std::string_view path_of(std::string_view target) {
  const auto begins = [target](std::string_view scheme) {  // in capitals or not (RFC 3986, 3.1)
    return target.size() >= scheme.size() && ::strncasecmp(target.data(), scheme.data(), scheme.size()) == 0;
  };
  const std::size_t scheme = begins("http://") ? 7 : begins("https://") ? 8 : 0;
  if (scheme == 0) return target;
  const std::size_t slash = target.find('/', scheme);
  return slash == std::string_view::npos ? "/" : target.substr(slash);
}

Route route_of(std::string_view url) {
  if (url == "/metrics") return Route::metrics;
  if (url == "/healthz") return Route::healthz;
  if (url == "/readyz") return Route::readyz;
  if (url == "/backend") return Route::backend;
  if (url == "/") return Route::page;
  if (api_view(url)) return Route::api;
  return Route::other;
}

std::string header_of(MHD_Connection* connection, const char* name) {
  struct Wanted {
    std::string_view name;
    std::string value;
  } wanted{name, {}};
  const auto add = [](void* context, MHD_ValueKind, const char* key, const char* value) -> MHD_Result {
    auto& out = *static_cast<Wanted*>(context);
    const std::string_view have = key;
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    if (have.size() != out.name.size() || value == nullptr) return MHD_YES;
    for (std::size_t i = 0; i < have.size(); ++i) {
      if (lower(have[i]) != lower(out.name[i])) return MHD_YES;
    }
    if (!out.value.empty()) out.value += ", ";
    out.value += value;
    return MHD_YES;
  };
  MHD_get_connection_values(connection, MHD_HEADER_KIND, add, &wanted);
  return std::move(wanted.value);
}

std::vector<QueryArgument> arguments_of(MHD_Connection* connection) {
  std::vector<QueryArgument> arguments;
  const auto add = [](void* context, MHD_ValueKind, const char* key, std::size_t key_size, const char* value,
                      std::size_t value_size) -> MHD_Result {
    static_cast<std::vector<QueryArgument>*>(context)->emplace_back(
        std::string(key, key_size), value == nullptr ? "" : std::string(value, value_size));
    return MHD_YES;
  };
  MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, add, &arguments);
  return arguments;
}

std::vector<std::string> names_of(MHD_Connection* connection) {
  std::vector<std::string> names;
  for (auto& [name, value] : arguments_of(connection)) {
    if (name == "name[]" && !value.empty()) names.push_back(std::move(value));
  }
  return names;
}

bool has_body(MHD_Connection* connection) {
  const std::string length = header_of(connection, "Content-Length");
  return (!length.empty() && length != "0") || !header_of(connection, "Transfer-Encoding").empty();
}

}  // namespace weir
