#include "http/api_shape.h"

#include <fmt/format.h>

#include <iterator>
#include <limits>
#include <string_view>
#include <utility>

#include "format/metric_series.h"
#include "http/json_text.h"
#include "weir/exposition.h"

namespace weir {
namespace {

constexpr std::uint32_t kAbsent = std::numeric_limits<std::uint32_t>::max();

std::string_view usual_ending(MetricType type) {
  return type == MetricType::counter ? "_total" : type == MetricType::info ? "_info" : "";
}

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
    const std::string usual = family.head.name + std::string(usual_ending(family.head.type));
    visit_metrics(table, family, [&](const MetricSeries& one) { metric(one, family.head.type, usual); });
    out_ += "]}";
  }

 private:
  /// `usual`: the sample name that need not be told.
  void metric(const MetricSeries& metric, MetricType type, std::string_view usual) {
    out_ += std::exchange(before_, ",");
    fmt::format_to(std::back_inserter(out_), "{{\"at\":{},\"labels\":", order_.size());
    append_json_labels(out_, metric.labels);
    if (!metric.is_distribution) {
      if (metric.name != usual) {
        out_ += ",\"sample\":";
        append_json_text(out_, metric.name);
      }
      add(metric.value);
    } else {
      out_ += type == MetricType::histogram ? ",\"le\":[" : ",\"quantile\":[";
      const char* before = "";
      for (const auto& [bound, series] : metric.bounds) {
        out_ += before;
        append_json_number(out_, bound);
        add(series);
        before = ",";
      }
      out_ += ']';
      add(metric.value);
      add(metric.sum);
    }
    out_ += '}';
  }

  void add(std::size_t series) {
    order_.push_back(series == MetricSeries::kAbsent ? kAbsent : static_cast<std::uint32_t>(series));
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
