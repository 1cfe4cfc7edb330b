#include "format/metric_series.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "format/number.h"
#include "model/series_text.h"
#include "weir/error.h"

namespace weir {
namespace {

SeriesParts parts_of(std::string_view text) {
  try {
    return parse_series_text(text);
  } catch (const FormatError&) {
    return {.name = std::string(text), .labels = {}};  // a source that spells its own way: shown as it stands
  }
}

/// Takes the label of that name out; nothing when it is not there, no number, or NaN, which bounds nothing and has no
/// place in an order.
std::optional<double> take_bound(Labels& labels, std::string_view name) {
  const auto at = std::ranges::find(labels, name, &Label::first);
  if (at == labels.end()) return std::nullopt;
  try {
    const double bound = parse_number(at->second);
    if (std::isnan(bound)) return std::nullopt;
    labels.erase(at);
    return bound;
  } catch (const FormatError&) {
    return std::nullopt;
  }
}

MetricSeries single(SeriesParts parts, std::size_t series) {
  MetricSeries metric;
  metric.name = std::move(parts.name);
  metric.labels = std::move(parts.labels);
  metric.value = series;
  return metric;
}

/// The metrics of a histogram or summary, while its series are gone through.
class Distributions {
 public:
  explicit Distributions(const FamilyHead& head) : head_(head), is_histogram_(head.type == MetricType::histogram) {}

  void add(std::string_view text, std::size_t series) {
    SeriesParts parts = parts_of(text);
    if (!add_part(parts, series)) metrics_.push_back(single(std::move(parts), series));
  }
  std::vector<MetricSeries> finish() && {
    for (MetricSeries& metric : metrics_) std::ranges::sort(metric.bounds);
    return std::move(metrics_);
  }

 private:
  /// True where the series is part of a distribution.
  bool add_part(SeriesParts& parts, std::size_t series) {
    if (!parts.name.starts_with(head_.name)) return false;
    const std::string_view ending = std::string_view(parts.name).substr(head_.name.size());
    if (ending == "_count") {
      find(parts.labels).value = series;
    } else if (ending == "_sum") {
      find(parts.labels).sum = series;
    } else if (ending == (is_histogram_ ? "_bucket" : "")) {
      const std::optional<double> bound = take_bound(parts.labels, is_histogram_ ? "le" : "quantile");
      if (!bound) return false;
      find(parts.labels).bounds.emplace_back(*bound, series);
    } else {
      return false;
    }
    return true;
  }

  MetricSeries& find(const Labels& labels) {
    // Parts of one label set stand together, mostly.
    if (last_ < metrics_.size() && metrics_[last_].labels == labels) return metrics_[last_];
    std::string text;
    append_series_text(text, head_.name, labels);
    const auto [at, is_new] = by_text_.try_emplace(std::move(text), metrics_.size());
    last_ = at->second;
    if (is_new) {
      MetricSeries& made = metrics_.emplace_back();
      made.name = head_.name;
      made.labels = labels;
      made.is_distribution = true;
    }
    return metrics_[last_];
  }

  const FamilyHead& head_;
  const bool is_histogram_;
  std::vector<MetricSeries> metrics_;
  std::unordered_map<std::string, std::size_t> by_text_;
  std::size_t last_ = MetricSeries::kAbsent;
};

}  // namespace

void visit_metrics(const SeriesTable& table, const SeriesTable::Family& family,
                   const std::function<void(MetricSeries metric)>& visit) {
  const std::size_t end = family.first + family.count;
  if (family.head.type != MetricType::histogram && family.head.type != MetricType::summary) {
    for (std::size_t i = family.first; i < end; ++i) visit(single(parts_of(table.series(i)), i));
    return;
  }
  Distributions distributions(family.head);
  for (std::size_t i = family.first; i < end; ++i) distributions.add(table.series(i), i);
  for (MetricSeries& metric : std::move(distributions).finish()) visit(std::move(metric));
}

}  // namespace weir
