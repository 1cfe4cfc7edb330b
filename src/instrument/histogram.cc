#include "weir/histogram.h"

#include <numeric>

#include "format/number.h"

namespace weir {

// Cells 0 … finite_ are the buckets, +Inf last; cell finite_ + 1 is the sum.

void Histogram::observe(double value, const Labels& exemplar) {
  observe(value);
  put_exemplar(bucket_of(value), exemplar, value);
}

std::vector<double> Histogram::bucket_counts() const {
  std::vector<double> counts(finite_ + 1);
  for (std::uint32_t i = 0; i <= finite_; ++i) counts[i] = read(i);
  return counts;
}

double Histogram::count() const {
  const std::vector<double> counts = bucket_counts();
  return std::accumulate(counts.begin(), counts.end(), 0.0);
}

CellGroup::SampleName Histogram::sample_name(std::uint32_t i) const {
  if (i > finite_) return {info().sample_name + "_sum", labels(), {}};
  const std::string bound = bucket_bound(bounds_[i]);
  Labels with_bound = labels();
  with_bound.emplace_back("le", bound);
  return {info().sample_name + "_bucket", std::move(with_bound), bound};
}

std::uint32_t Histogram::sample_count() const noexcept { return finite_ + 2; }

void Histogram::describe(SeriesTableBuilder& table) const {
  for (std::uint32_t i = 0; i <= finite_; ++i) {
    const SampleName name = sample_name(i);
    table.series(name.sample_name, name.labels);
  }
  table.series(info().sample_name + "_count", labels());
  table.series(info().sample_name + "_sum", labels());
}

void Histogram::append_values(std::vector<double>& values) const {
  double cumulative = 0;
  for (std::uint32_t i = 0; i <= finite_; ++i) values.push_back(cumulative += read_locked(i));
  values.push_back(cumulative);
  values.push_back(read_locked(finite_ + 1));
}

}  // namespace weir
