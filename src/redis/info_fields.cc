#include "redis/info_fields.h"

#include <algorithm>
#include <charconv>

namespace weir {

InfoFields::InfoFields(std::string_view info) {
  while (!info.empty()) {
    const std::size_t end = std::min(info.find('\n'), info.size());
    std::string_view line = info.substr(0, end);
    info.remove_prefix(std::min(end + 1, info.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) fields_.emplace(line.substr(0, colon), line.substr(colon + 1));
  }
}

std::string InfoFields::text(std::string_view field) const {
  const auto found = fields_.find(field);
  return found == fields_.end() ? "" : found->second;
}

std::int64_t InfoFields::number(std::string_view field) const {
  const std::string value = text(field);
  std::int64_t result = -1;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
  return error == std::errc{} && end == value.data() + value.size() ? result : -1;
}

}  // namespace weir
