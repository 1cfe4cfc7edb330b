#include "redis_layout/exemplar_json.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>

#include "format/number.h"
#include "model/names.h"
#include "model/printable.h"
#include "redis_layout/shared_keys.h"
#include "weir/error.h"

namespace weir {
namespace {

constexpr std::size_t kMostCharacters = 128;  // OpenMetrics 1.0

std::string number_json(double v) { return std::isfinite(v) ? python_number(v) : "\"" + python_number(v) + "\""; }

[[noreturn]] void refuse(std::string_view json, std::string_view why) {
  throw FormatError(fmt::format("exemplar {}: {}", printable(json), why));
}

double number_of(simdjson::dom::element element, std::string_view json) {
  double number = 0;
  if (element.get(number) == simdjson::SUCCESS) return number;
  std::string_view text;
  if (element.get(text) != simdjson::SUCCESS) refuse(json, "value and timestamp are numbers");
  return parse_number(text);
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

Labels labels_of(simdjson::dom::object object, std::string_view json) {
  Labels labels;
  std::size_t length = 0;
  for (const auto [name, element] : object) {
    std::string_view value;
    if (element.get(value) != simdjson::SUCCESS) refuse(json, "label values are texts");
    if (!is_classic_label_name(name)) refuse(json, fmt::format("{} is no label name", printable(name)));
    length += characters(name) + characters(value);
    labels.emplace_back(name, value);
  }
  if (length > kMostCharacters) refuse(json, fmt::format("{} characters of labels, at most 128 are allowed", length));
  return labels;
}

}  // namespace

std::string exemplar_json(const Exemplar& exemplar) {
  const std::string labels = shared_field(exemplar.labels);
  return fmt::format(R"({{"labels": {}, "value": {}, "timestamp": {}}})", labels.empty() ? "{}" : labels,
                     number_json(exemplar.value), number_json(exemplar.timestamp));
}

Exemplar parse_exemplar_json(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  simdjson::dom::object labels;
  simdjson::dom::element element;
  if (parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS) refuse(json, "not a JSON object");
  Exemplar exemplar;
  if (object.at_key("labels").get(labels) != simdjson::SUCCESS) refuse(json, "\"labels\" is not an object");
  exemplar.labels = labels_of(labels, json);
  if (object.at_key("value").get(element) != simdjson::SUCCESS) refuse(json, "it has no \"value\"");
  exemplar.value = number_of(element, json);
  if (object.at_key("timestamp").get(element) == simdjson::SUCCESS) exemplar.timestamp = number_of(element, json);
  if (!std::isfinite(exemplar.timestamp)) refuse(json, "the timestamp is not finite");
  return exemplar;
}

}  // namespace weir
