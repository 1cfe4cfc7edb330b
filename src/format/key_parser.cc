// KeyParser of json_key.h, on simdjson's on-demand reader.
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "format/json_key.h"
#include "format/number.h"
#include "format/plain_key.h"
#include "model/printable.h"
#include "weir/error.h"

namespace weir {
namespace {

namespace ondemand = simdjson::ondemand;

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The UTF-16 unit of a `\uXXXX` at `at`; -1 when there is none.
int escaped_unit(std::string_view json, std::size_t at) noexcept {
  if (json.size() - at < 6 || json[at] != '\\' || json[at + 1] != 'u') return -1;
  int unit = 0;
  for (std::size_t i = at + 2; i < at + 6; ++i) {
    const int digit = hex_value(json[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

constexpr bool is_high_surrogate(int unit) noexcept { return unit >= 0xD800 && unit < 0xDC00; }
constexpr bool is_low_surrogate(int unit) noexcept { return unit >= 0xDC00 && unit < 0xE000; }

/// simdjson refuses lone surrogates, some of them only in some versions: each becomes `\ufffd`, in place.
void replace_lone_surrogates(char* json, std::size_t size) noexcept {
  const std::string_view text(json, size);
  for (std::size_t at = text.find('\\'); at != std::string_view::npos; at = text.find('\\', at)) {
    const int unit = escaped_unit(text, at);
    if (is_high_surrogate(unit) && is_low_surrogate(escaped_unit(text, at + 6))) {
      at += 12;
    } else if (unit < 0) {
      at += 2;
    } else {
      if (is_high_surrogate(unit) || is_low_surrogate(unit)) std::memcpy(json + at, "\\ufffd", 6);
      at += 6;
    }
  }
}

std::size_t count_digits(std::string_view& rest) noexcept {
  const std::size_t count = std::min(rest.find_first_not_of("0123456789"), rest.size());
  rest.remove_prefix(count);
  return count;
}

/// RFC 8259: -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?
bool is_json_number(std::string_view rest) noexcept {
  if (rest.starts_with('-')) rest.remove_prefix(1);
  const bool zero_first = rest.starts_with('0');
  const std::size_t whole = count_digits(rest);
  if (whole == 0 || (zero_first && whole > 1)) return false;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    if (count_digits(rest) == 0) return false;
  }
  if (rest.starts_with('e') || rest.starts_with('E')) {
    rest.remove_prefix(1);
    if (rest.starts_with('+') || rest.starts_with('-')) rest.remove_prefix(1);
    if (count_digits(rest) == 0) return false;
  }
  return rest.empty();
}

/// As Python's str() of the number json.loads makes of it. `number` is a JSON number.
void assign_number(std::string_view number, std::string& out) {
  if (number.find_first_of(".eE") == std::string_view::npos) {
    out = number == "-0" ? "0" : number;  // Python's integers have no limit
    return;
  }
  std::array<char, kMaxNumberLength> text;
  out.assign(text.data(), write_python_number(text.data(), parse_number(number)));
}

bool same_name(const Label& a, const Label& b) noexcept { return a.first == b.first; }

/// Sorts by name; of one name only the last written stays.
void put_in_order(Labels& labels) {
  std::ranges::stable_sort(labels, {}, &Label::first);
  const auto kept = std::unique(labels.rbegin(), labels.rend(), same_name);
  labels.erase(labels.begin(), kept.base());
}

}  // namespace

struct KeyParser::Impl {
  void parse(std::string_view key, MetricKey& out);

 private:
  void load(std::string_view key);
  void read(MetricKey& out);
  void read_string(ondemand::value value, const char* what, std::string& out);
  void read_labels(ondemand::value value, Labels& out);
  void read_label_value(ondemand::value value, std::string& out);
  template <typename T>
  T take(simdjson::simdjson_result<T> result, const char* what) {
    if (result.error() != simdjson::SUCCESS) [[unlikely]]
      fail(what, simdjson::error_message(result.error()));
    return std::move(result).value_unsafe();
  }
  /// Says where the document stands; only once iterate() has succeeded, before that simdjson follows a null pointer.
  [[noreturn]] void fail(std::string_view what, std::string_view why);
  [[noreturn]] void refuse(std::string_view what, std::string_view why, std::size_t at);

  ondemand::parser parser_;
  ondemand::document document_;
  std::vector<char> buffer_;  // a copy of the key, because simdjson reads up to SIMDJSON_PADDING bytes beyond it
  std::string_view json_;     // in buffer_
};

void KeyParser::Impl::refuse(std::string_view what, std::string_view why, std::size_t at) {
  throw FormatError(fmt::format("cannot read key {}: {}: {} (at byte {}; expected [name, sample name, labels, help])",
                                printable(json_), what, why, std::min(at, json_.size())));
}

void KeyParser::Impl::fail(std::string_view what, std::string_view why) {
  const char* where = nullptr;
  const bool inside = document_.current_location().get(where) == simdjson::SUCCESS && where >= json_.data();
  refuse(what, why, inside ? static_cast<std::size_t>(where - json_.data()) : json_.size());
}

void KeyParser::Impl::load(std::string_view key) {
  if (buffer_.size() < key.size() + simdjson::SIMDJSON_PADDING)
    buffer_.resize(2 * key.size() + simdjson::SIMDJSON_PADDING);
  if (!key.empty()) std::memcpy(buffer_.data(), key.data(), key.size());
  json_ = {buffer_.data(), key.size()};
  if (std::memchr(buffer_.data(), '\\', key.size()) != nullptr) replace_lone_surrogates(buffer_.data(), key.size());
}

void KeyParser::Impl::parse(std::string_view key, MetricKey& out) {
  load(key);
  document_ = {};
  const simdjson::error_code error = parser_.iterate(json_.data(), json_.size(), buffer_.size()).get(document_);
  if (error != simdjson::SUCCESS) refuse("not JSON", simdjson::error_message(error), 0);
  read(out);
  // Whatever simdjson noted on the way must not get lost: it stops its loops on some errors as if they had ended.
  const char* rest = nullptr;
  if (!document_.is_alive()) fail("not JSON", "broken array or object");
  if (document_.current_location().get(rest) == simdjson::SUCCESS) fail("not a key", "text after the array");
}

void KeyParser::Impl::read(MetricKey& out) {
  std::size_t count = 0;
  for (auto element : take(document_.get_array(), "not an array")) {
    const ondemand::value value = take(std::move(element), "not JSON");
    switch (count++) {
      case 0:
        read_string(value, "metric name", out.metric_name);
        break;
      case 1:
        read_string(value, "sample name", out.sample_name);
        break;
      case 2:
        read_labels(value, out.labels);
        break;
      case 3:
        read_string(value, "help", out.help);
        break;
      default:
        fail("not a key", "more than four elements");
    }
  }
  if (count != 4) fail("not a key", fmt::format("{} elements instead of four", count));
}

void KeyParser::Impl::read_string(ondemand::value value, const char* what, std::string& out) {
  out = take(value.get_string(), what);
}

void KeyParser::Impl::read_labels(ondemand::value value, Labels& out) {
  std::size_t count = 0;
  bool in_order = true;
  for (auto element : take(value.get_object(), "labels")) {
    ondemand::field field = take(std::move(element), "labels");
    if (count == out.size()) out.emplace_back();
    Label& label = out[count];
    label.first = take(field.unescaped_key(), "label name");
    read_label_value(field.value(), label.second);
    in_order = in_order && (count == 0 || out[count - 1].first < label.first);
    ++count;
  }
  out.resize(count);
  if (!in_order) put_in_order(out);
}

void KeyParser::Impl::read_label_value(ondemand::value value, std::string& out) {
  std::string_view text;
  if (const auto error = value.get_string().get(text); error == simdjson::SUCCESS) [[likely]] {
    out = text;
    return;
  } else if (error != simdjson::INCORRECT_TYPE) {
    fail("label value", simdjson::error_message(error));
  }
  switch (take(value.type(), "label value")) {
    case ondemand::json_type::boolean:
      out = take(value.get_bool(), "label value") ? "True" : "False";
      return;
    case ondemand::json_type::null:
      if (!take(value.is_null(), "label value")) fail("label value", "neither a string, a number, a boolean nor null");
      out = "None";
      return;
    case ondemand::json_type::number: {
      std::string_view token = value.raw_json_token();
      token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
      if (!is_json_number(token)) fail("label value", "not a number");
      assign_number(token, out);
      return;
    }
    default:
      fail("label value", "an array or object; expected a string");
  }
}

KeyParser::KeyParser() : impl_(std::make_unique<Impl>()) {}
KeyParser::~KeyParser() = default;

void KeyParser::parse(std::string_view json, MetricKey& out) {
  if (!read_plain_key(json, out)) impl_->parse(json, out);
}

}  // namespace weir
