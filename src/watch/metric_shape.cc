#include "watch/metric_shape.h"

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

SeriesParts parts_of_series(std::string_view text) {
  try {
    return parse_series_text(text);
  } catch (const FormatError&) {
    return {.name = std::string(text), .labels = {}};  // a source that spells its own way: shown as it stands
  }
}

/// Takes the label of that name out; nothing when it is not there or no number.
std::optional<double> take_bound(Labels& labels, std::string_view name) {
  const auto at = std::ranges::find(labels, name, &Label::first);
  if (at == labels.end()) return std::nullopt;
  try {
    const double bound = parse_number(at->second);
    labels.erase(at);
    return bound;
  } catch (const FormatError&) {
    return std::nullopt;
  }
}

class Shapes {
 public:
  explicit Shapes(const SeriesTable& table) : table_(table) {}

  void family(std::size_t index) {
    const SeriesTable::Family& family = table_.families()[index];
    by_text_.clear();
    for (std::size_t i = family.first; i < family.first + family.count; ++i) {
      const MetricType type = family.head.type;
      if ((type == MetricType::histogram || type == MetricType::summary) && part(index, family.head, i)) continue;
      SeriesParts parts = parts_of_series(table_.series(i));
      shapes_.push_back({std::string(table_.series(i)), std::move(parts.labels), index, i, MetricShape::kAbsent, {}});
    }
  }
  std::vector<MetricShape> finish() && {
    for (MetricShape& shape : shapes_) {
      std::ranges::sort(shape.bounds);
      // Without a count the +Inf bucket, which holds the same, stands for it.
      const bool has_last = !shape.bounds.empty() && std::isinf(shape.bounds.back().first);
      if (shape.value == MetricShape::kAbsent && has_last) shape.value = shape.bounds.back().second;
    }
    return std::move(shapes_);
  }

 private:
  /// True where the series is part of a histogram or summary.
  bool part(std::size_t family, const FamilyHead& head, std::size_t series) {
    SeriesParts parts = parts_of_series(table_.series(series));
    if (!parts.name.starts_with(head.name)) return false;
    const std::string_view ending = std::string_view(parts.name).substr(head.name.size());
    const bool is_histogram = head.type == MetricType::histogram;
    if (ending == "_count") {
      find(family, head, parts.labels).value = series;
    } else if (ending == "_sum") {
      find(family, head, parts.labels).sum = series;
    } else if (ending == (is_histogram ? "_bucket" : "")) {
      const std::optional<double> bound = take_bound(parts.labels, is_histogram ? "le" : "quantile");
      if (!bound) return false;
      find(family, head, parts.labels).bounds.emplace_back(*bound, series);
    } else {
      return false;
    }
    return true;
  }

  MetricShape& find(std::size_t family, const FamilyHead& head, const Labels& labels) {
    std::string text;
    append_series_text(text, head.name, labels);
    const auto [at, is_new] = by_text_.try_emplace(text, shapes_.size());
    if (is_new) {
      shapes_.push_back({std::move(text), labels, family, MetricShape::kAbsent, MetricShape::kAbsent, {}});
    }
    return shapes_[at->second];
  }

  const SeriesTable& table_;
  std::vector<MetricShape> shapes_;
  std::unordered_map<std::string, std::size_t> by_text_;  // of the family at hand
};

}  // namespace

std::vector<MetricShape> metric_shapes(const SeriesTable& table) {
  Shapes shapes(table);
  for (std::size_t i = 0; i < table.families().size(); ++i) shapes.family(i);
  return std::move(shapes).finish();
}

}  // namespace weir
