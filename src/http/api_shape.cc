#include "http/api_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>

#include "format/number.h"
#include "http/json_text.h"
#include "model/series_text.h"
#include "weir/error.h"
#include "weir/exposition.h"

namespace weir {
namespace {

constexpr std::uint32_t kAbsent = std::numeric_limits<std::uint32_t>::max();

/// One label set of a family, and the series its values come from.
struct ApiMetric {
  std::string sample;  // empty: the one the family's type says
  Labels labels;
  std::vector<std::pair<double, std::uint32_t>> bounds;  // of buckets or quantiles
  std::uint32_t count = kAbsent;
  std::uint32_t sum = kAbsent;
  std::uint32_t value = kAbsent;  // of what is neither histogram nor summary
};

SeriesParts parts_of(std::string_view text) {
  try {
    return parse_series_text(text);
  } catch (const FormatError&) {
    return {.name = std::string(text), .labels = {}};  // a source that spells its own way: shown as it stands
  }
}

/// Takes the label of that name out; nothing when it is not there or no number.
std::optional<double> take_number(Labels& labels, std::string_view name) {
  const auto at = std::ranges::find(labels, name, &Label::first);
  if (at == labels.end()) return std::nullopt;
  try {
    const double number = parse_number(at->second);
    labels.erase(at);
    return number;
  } catch (const FormatError&) {
    return std::nullopt;
  }
}

/// A series that is a metric by itself; `usual` is the sample name that need not be told.
ApiMetric single(SeriesParts parts, std::string_view usual, std::uint32_t index) {
  ApiMetric metric;
  if (parts.name != usual) metric.sample = std::move(parts.name);
  metric.labels = std::move(parts.labels);
  metric.value = index;
  return metric;
}

/// The metrics of a histogram or summary, in the order their first series stand in the table.
class FamilyMetrics {
 public:
  explicit FamilyMetrics(const FamilyHead& head) : head_(head), is_histogram_(head.type == MetricType::histogram) {}

  void add(std::string_view series, std::uint32_t index) {
    SeriesParts parts = parts_of(series);
    if (!add_distribution(parts, index)) metrics_.push_back(single(std::move(parts), head_.name, index));
  }
  std::vector<ApiMetric>& metrics() {
    for (ApiMetric& metric : metrics_) std::ranges::sort(metric.bounds);
    return metrics_;
  }

 private:
  bool add_distribution(SeriesParts& parts, std::uint32_t index) {
    if (!parts.name.starts_with(head_.name)) return false;
    const std::string suffix = parts.name.substr(head_.name.size());
    if (suffix == "_count") {
      find(parts.labels).count = index;
    } else if (suffix == "_sum") {
      find(parts.labels).sum = index;
    } else if (suffix == (is_histogram_ ? "_bucket" : "")) {
      const std::optional<double> bound = take_number(parts.labels, is_histogram_ ? "le" : "quantile");
      if (!bound) return false;
      find(parts.labels).bounds.emplace_back(*bound, index);
    } else {
      return false;
    }
    return true;
  }

  ApiMetric& find(const Labels& labels) {
    if (last_ < metrics_.size() && metrics_[last_].labels == labels) return metrics_[last_];
    std::string text;
    append_series_text(text, "x", labels);
    const auto [at, is_new] = by_labels_.try_emplace(std::move(text), metrics_.size());
    if (is_new) {
      metrics_.emplace_back();
      metrics_.back().labels = labels;
    }
    last_ = at->second;
    return metrics_[last_];
  }

  const FamilyHead& head_;
  const bool is_histogram_;
  std::vector<ApiMetric> metrics_;
  std::unordered_map<std::string, std::size_t> by_labels_;
  std::size_t last_ = std::numeric_limits<std::size_t>::max();
};

}  // namespace

/// Writes the document front to back, and with it the order of values.
class ApiShape::Writer {
 public:
  Writer(std::string& out, std::vector<std::uint32_t>& order) : order_(order), out_(out) {}

  void family(const SeriesTable& table, const SeriesTable::Family& family) {
    out_ += "{\"name\":";
    append_json_text(out_, family.head.name);
    fmt::format_to(std::back_inserter(out_), ",\"type\":\"{}\",\"help\":", to_string(family.head.type));
    append_json_text(out_, family.head.help);
    out_ += ",\"unit\":";
    append_json_text(out_, family.head.unit);
    out_ += ",\"metrics\":[";
    before_ = "";
    if (family.head.type == MetricType::histogram || family.head.type == MetricType::summary) {
      distributions(table, family);
    } else {
      singles(table, family);
    }
    out_ += "]}";
  }

 private:
  void distributions(const SeriesTable& table, const SeriesTable::Family& family) {
    FamilyMetrics metrics(family.head);
    for (std::size_t i = family.first; i < family.first + family.count; ++i) {
      metrics.add(table.series(i), static_cast<std::uint32_t>(i));
    }
    for (const ApiMetric& one : metrics.metrics()) metric(one, family.head.type);
  }

  void singles(const SeriesTable& table, const SeriesTable::Family& family) {
    const FamilyHead& head = family.head;
    const std::string usual = head.name + (head.type == MetricType::counter ? "_total"
                                           : head.type == MetricType::info  ? "_info"
                                                                            : "");
    for (std::size_t i = family.first; i < family.first + family.count; ++i) {
      metric(single(parts_of(table.series(i)), usual, static_cast<std::uint32_t>(i)), head.type);
    }
  }

  void metric(const ApiMetric& metric, MetricType type) {
    out_ += std::exchange(before_, ",");
    fmt::format_to(std::back_inserter(out_), "{{\"at\":{},\"labels\":", order_.size());
    append_json_labels(out_, metric.labels);
    if (!metric.sample.empty()) {
      out_ += ",\"sample\":";
      append_json_text(out_, metric.sample);
    }
    if (metric.value != kAbsent) {
      order_.push_back(metric.value);
    } else {
      out_ += type == MetricType::histogram ? ",\"le\":[" : ",\"quantile\":[";
      const char* before = "";
      for (const auto& [bound, index] : metric.bounds) {
        out_ += before;
        append_json_number(out_, bound);
        order_.push_back(index);
        before = ",";
      }
      out_ += ']';
      order_.push_back(metric.count);
      order_.push_back(metric.sum);
    }
    out_ += '}';
  }

  std::vector<std::uint32_t>& order_;
  std::string& out_;
  const char* before_ = "";
};

std::string ApiShape::document(const SeriesTable& table, std::vector<std::uint32_t>& order, std::string& generation) {
  std::string out;
  Writer writer(out, order);
  const char* before = "";
  for (const SeriesTable::Family& family : table.families()) {
    out += before;
    writer.family(table, family);
    before = ",\n";
  }
  generation = fmt::format("{:016x}", text_hash(out));
  out.insert(
      0, fmt::format("{{\"version\":1,\"generation\":\"{}\",\"values\":{},\"families\":[\n", generation, order.size()));
  out += "\n]}\n";
  return out;
}

ApiShape::ApiShape(const SeriesTable& table) {
  gzipped_ = gzip(document(table, order_, generation_));
  gzipped_.shrink_to_fit();
  order_.shrink_to_fit();
}

std::string ApiShape::json(const SeriesTable& table) {
  std::vector<std::uint32_t> order;
  std::string generation;
  return document(table, order, generation);
}

void ApiShape::append_values(std::string& out, std::span<const double> values) const {
  out += '[';
  const char* before = "";
  for (const std::uint32_t index : order_) {
    out += before;
    before = ",";
    if (index == kAbsent) {
      out += "null";
    } else {
      append_json_number(out, values[index]);
    }
  }
  out += ']';
}

std::uint64_t text_hash(std::string_view text, std::uint64_t seed) noexcept {
  for (const char c : text) seed = (seed ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return seed;
}

}  // namespace weir
