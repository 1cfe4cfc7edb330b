#include "redis_layout/shared_keys.h"

#include <fmt/format.h>

#include <cmath>

#include "format/json_key.h"
#include "format/number.h"
#include "model/names.h"
#include "weir/error.h"

namespace weir {
namespace {

/// `"name": "value"`. A key with this one label holds it spelled as Python does, and nothing else in between.
void append_label(std::string& out, const Label& label) {
  constexpr std::string_view kBefore = R"(["", "", {)";
  constexpr std::string_view kAfter = R"(}, ""])";
  const std::string key = json_key("", "", {label}, "");
  out.append(key, kBefore.size(), key.size() - kBefore.size() - kAfter.size());
}

bool is_part(std::string_view part) {
  if (part == "count" || part == "sum" || part == "+Inf") return true;
  if (part.empty() || part.find_first_not_of("0123456789.e+-") != std::string_view::npos) return false;
  try {
    return std::isfinite(parse_number(part));
  } catch (const FormatError&) {
    return false;
  }
}

}  // namespace

std::string shared_field(const Labels& labels) {
  std::string json;
  for (const Label& label : labels) {
    json += json.empty() ? "{" : ", ";
    append_label(json, label);
  }
  return json.empty() ? json : json + "}";
}

std::string shared_bound(double bound) { return std::isinf(bound) && bound > 0 ? "+Inf" : python_number(bound); }

SharedKeys::SharedKeys(std::string_view key_prefix) {
  if (!key_prefix.empty()) begin_.append(key_prefix).append("-");
}

std::string SharedKeys::value(std::string_view name) const { return fmt::format("{}{}", begin_, name); }

std::string SharedKeys::part(std::string_view name, std::string_view part) const {
  return fmt::format("{}{}:{}", begin_, name, part);
}

std::string SharedKeys::metadata() const { return begin_ + "weir.metadata"; }

std::optional<SharedName> parse_shared_name(std::string_view key) {
  SharedName parsed{.name = key, .part = {}};
  if (const std::size_t colon = key.rfind(':'); colon != std::string_view::npos && is_part(key.substr(colon + 1))) {
    parsed = {.name = key.substr(0, colon), .part = key.substr(colon + 1)};
  }
  if (!is_classic_metric_name(parsed.name)) return std::nullopt;
  return parsed;
}

}  // namespace weir
