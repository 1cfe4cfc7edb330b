#include "redis_layout/shared_metadata.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "format/json_key.h"
#include "model/printable.h"
#include "weir/error.h"

namespace weir {
namespace {

/// As Python's json.dumps spells a string.
std::string json_text(std::string_view text) {
  constexpr std::string_view kBefore = "[";
  constexpr std::string_view kAfter = R"(, "", {}, ""])";
  const std::string key = json_key(text, "", {}, "");
  return key.substr(kBefore.size(), key.size() - kBefore.size() - kAfter.size());
}

std::string json_list(const std::vector<std::string>& texts) {
  std::string json = "[";
  for (const std::string& text : texts) json.append(json.size() > 1 ? ", " : "").append(json_text(text));
  return json + "]";
}

[[noreturn]] void refuse_metadata(std::string_view json, std::string_view why) {
  throw FormatError(fmt::format("metadata {}: {}", printable(json), why));
}

std::string text_of(simdjson::dom::object object, std::string_view name, std::string_view json) {
  std::string_view text;
  if (object.at_key(name).get(text) != simdjson::SUCCESS)
    refuse_metadata(json, fmt::format("\"{}\" is not a text", name));
  return std::string(text);
}

std::vector<std::string> texts_of(simdjson::dom::object object, std::string_view name, std::string_view json) {
  std::vector<std::string> texts;
  simdjson::dom::element element;
  if (object.at_key(name).get(element) != simdjson::SUCCESS) return texts;
  simdjson::dom::array array;
  if (element.get(array) != simdjson::SUCCESS) refuse_metadata(json, fmt::format("\"{}\" is not a list", name));
  for (const simdjson::dom::element item : array) {
    std::string_view text;
    if (item.get(text) != simdjson::SUCCESS) refuse_metadata(json, fmt::format("\"{}\" holds what is no text", name));
    texts.emplace_back(text);
  }
  return texts;
}

GaugeMode mode_of(simdjson::dom::object object, std::string_view json) {
  const std::string mode = text_of(object, "mode", json);
  if (mode.empty()) return GaugeMode::all;
  const std::optional<GaugeMode> known = gauge_mode_from(mode);
  if (!known) refuse_metadata(json, fmt::format("the mode {} is none", printable(mode)));
  return *known;
}

}  // namespace

std::string shared_metadata_json(const SharedMetadata& metadata) {
  const std::string_view mode = metadata.type == MetricType::gauge ? to_string(metadata.mode) : "";
  return fmt::format(R"({{"type": "{}", "help": {}, "mode": "{}", "buckets": {}, "labels": {}, "sample": {}}})",
                     to_string(metadata.type), json_text(metadata.help), mode, json_list(metadata.buckets),
                     json_list(metadata.labels), json_text(metadata.sample));
}

SharedMetadata parse_shared_metadata(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS)
    refuse_metadata(json, "not a JSON object");
  SharedMetadata metadata;
  const std::string type = text_of(object, "type", json);
  const std::optional<MetricType> known = metric_type_from(type);
  if (!known || static_cast<int>(*known) > static_cast<int>(MetricType::summary)) {
    refuse_metadata(json, fmt::format("the type {} is not counter, gauge, histogram or summary", printable(type)));
  }
  metadata.type = *known;
  metadata.help = text_of(object, "help", json);
  if (metadata.type == MetricType::gauge) metadata.mode = mode_of(object, json);
  metadata.buckets = texts_of(object, "buckets", json);
  metadata.labels = texts_of(object, "labels", json);
  metadata.sample = text_of(object, "sample", json);
  if (metadata.type == MetricType::histogram && metadata.buckets.empty())
    refuse_metadata(json, "a histogram has buckets");
  return metadata;
}

}  // namespace weir
