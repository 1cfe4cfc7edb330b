#include "watch/metric_shape.h"

#include <cmath>
#include <utility>

#include "model/series_text.h"

namespace weir {

std::vector<MetricShape> metric_shapes(const SeriesTable& table) {
  std::vector<MetricShape> shapes;
  for (std::size_t i = 0; i < table.families().size(); ++i) {
    visit_metrics(table, table.families()[i], [&](MetricSeries metric) {
      MetricShape shape{std::move(metric), {}, i};
      if (shape.is_distribution) {
        append_series_text(shape.text, shape.name, shape.labels);
        const bool has_last = !shape.bounds.empty() && std::isinf(shape.bounds.back().first);
        if (shape.value == MetricShape::kAbsent && has_last) shape.value = shape.bounds.back().second;
      } else {
        shape.text = table.series(shape.value);
      }
      shapes.push_back(std::move(shape));
    });
  }
  return shapes;
}

}  // namespace weir
