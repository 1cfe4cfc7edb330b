#include "redis_ship/shared_series.h"

#include <algorithm>

#include "format/number.h"

namespace weir {
namespace {

/// As pytheus' keys spell it. Its bounds of type int have no point (`latency:1`); only a program of pytheus' names
/// such.
std::string bound_of(const BookedName& name) {
  const bool is_integer = name.bound.find_first_not_of("-0123456789") == std::string::npos;
  return is_integer ? name.bound : shared_bound(parse_number(name.bound));
}

}  // namespace

void SharedSeries::learn(const SeriesBook& book) {
  for (const std::uint32_t size = book.size(); learned_ < size; ++learned_) {
    const BookedName& name = book.name(learned_);
    const bool has_parts = name.kind.type == MetricType::histogram || name.kind.type == MetricType::summary;
    note_metadata(has_parts ? name.family : name.sample_name, name);
    has_parts ? add_part(learned_, name) : add_value(learned_, name);
  }
}

void SharedSeries::add_value(std::uint32_t sample, const BookedName& name) {
  SharedValue value;
  value.key = keys_.value(name.sample_name);
  value.field = shared_field(name.labels);
  value.sample = sample;
  value.is_gauge = name.kind.type == MetricType::gauge;
  value.keeps_time = value.is_gauge && without_live(name.kind.mode) == GaugeMode::mostrecent;
  values_.push_back(std::move(value));
}

void SharedSeries::add_part(std::uint32_t sample, const BookedName& name) {
  SharedValue value;
  value.field = shared_field(name.labels);
  value.sample = sample;
  if (name.bound.empty()) {
    value.key = keys_.part(name.family, name.sample_name.ends_with("_count") ? "count" : "sum");
    values_.push_back(std::move(value));
    return;
  }
  const std::string bound = bound_of(name);
  auto [last, is_first] = last_bucket_.try_emplace({name.family, value.field}, kNone);
  value.key = keys_.part(name.family, bound);
  value.previous = last->second;
  last->second = static_cast<std::uint32_t>(values_.size());
  values_.push_back(value);
  std::vector<std::string>& buckets = metadata_[name.family].buckets;
  if (std::ranges::find(buckets, bound) == buckets.end()) {
    buckets.push_back(bound);
    ++metadata_version_;
  }
  if (bound != "+Inf") return;
  value.key = keys_.part(name.family, "count");
  value.sample = kNone;
  value.previous = last->second;
  values_.push_back(std::move(value));
}

void SharedSeries::note_metadata(const std::string& metric, const BookedName& name) {
  SharedMetadata& metadata = metadata_[metric];
  if (metadata.type != MetricType::unknown) return;
  ++metadata_version_;
  metadata.type = name.kind.type;
  metadata.help = name.help;
  metadata.mode = name.kind.mode;
  metadata.sample = metric;
  for (const auto& [label, value] : name.labels) metadata.labels.push_back(label);
}

}  // namespace weir
