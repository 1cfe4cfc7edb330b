// The label sets of a metric as series of the merge: met, given their values, forgotten.
#include <fmt/format.h>

#include <algorithm>

#include "redis_collect/shared_reader_family.h"
#include "weir/error.h"

namespace weir {

bool SharedFamily::refer(SeriesSet& set, std::vector<Problem>& problems) {
  bool lost = false;
  for (std::uint32_t r = 0; r < rows_.size(); ++r) {
    Row& row = rows_[r];
    const std::uint32_t* const series = series_.data() + r * columns_.size();
    if (row.is_seen && !row.is_referenced) row.is_seen = find_series(set, r, problems);
    if (row.is_seen == row.is_referenced) continue;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (series[c] == kNoSeries) continue;
      if (row.is_seen) {
        set.add_reference(series[c]);
      } else {
        set.drop_reference(series[c]);
        lost = true;
      }
    }
    row.is_referenced = row.is_seen;
  }
  return lost;
}

bool SharedFamily::find_series(SeriesSet& set, std::uint32_t r, std::vector<Problem>& problems) {
  Row& row = rows_[r];
  if (row.refused.empty()) {
    try {
      set.begin_file(kind_, {});
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        // `_count` of a histogram follows from its buckets.
        if (kind_.type == MetricType::histogram && columns_[c].role == Column::Role::count) continue;
        series_[r * columns_.size() + c] = set.intern(json_key_of(columns_[c], row.labels));
      }
      return true;
    } catch (const FormatError& error) {
      row.refused = error.what();
      std::fill_n(series_.begin() + static_cast<std::ptrdiff_t>(r * columns_.size()), columns_.size(), kNoSeries);
    }
  }
  problems.push_back({"bad_key", columns_[0].key, fmt::format("{}: {}", columns_[0].key, row.refused)});
  return false;
}

std::string SharedFamily::json_key_of(const Column& column, const Labels& labels) const {
  constexpr std::string_view kTotal = "_total";
  std::string_view family = metadata_.sample;
  std::string sample = metadata_.sample;
  Labels all = labels;
  switch (column.role) {
    case Column::Role::value:
      if (kind_.type == MetricType::counter && family.ends_with(kTotal)) family.remove_suffix(kTotal.size());
      break;
    case Column::Role::bucket:
      sample += "_bucket";
      all.emplace_back("le", column.bound);
      break;
    case Column::Role::count:
      sample += "_count";
      break;
    case Column::Role::sum:
      sample += "_sum";
      break;
  }
  return json_key(family, sample, all, metadata_.help);
}

void SharedFamily::renumber(const std::vector<std::uint32_t>& renumbered) {
  for (std::uint32_t& series : series_) {
    if (series != kNoSeries) series = renumbered[series];
  }
}

void SharedFamily::give(ReadValues& values) const {
  for (std::uint32_t r = 0; r < rows_.size(); ++r) {
    if (!rows_[r].is_referenced) continue;
    if (kind_.type == MetricType::histogram) {
      give_histogram(values, r);
      continue;
    }
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const std::size_t at = r * columns_.size() + c;
      values.put(kind_, series_[at], values_[at], 0);
    }
  }
}

/// The merge cumulates buckets, so each gets what it has beyond the one below it.
void SharedFamily::give_histogram(ReadValues& values, std::uint32_t r) const {
  const double* const row = values_.data() + r * columns_.size();
  const std::uint32_t* const series = series_.data() + r * columns_.size();
  const std::size_t buckets = metadata_.buckets.size();
  const double count = row[buckets];
  double below = 0;
  for (std::size_t c = 0; c < buckets; ++c) {
    const double upto = std::max(below, c + 1 < buckets ? row[c] : std::max(row[c], count));
    values.put(kind_, series[c], upto - below, 0);
    below = upto;
  }
  values.put(kind_, series[buckets + 1], row[buckets + 1], 0);
}

void SharedFamily::forget_series() noexcept {
  std::fill(series_.begin(), series_.end(), kNoSeries);
  for (Row& row : rows_) row.is_referenced = false;
}

void SharedFamily::forget(SeriesSet& set) {
  for (std::uint32_t r = 0; r < rows_.size(); ++r) {
    for (std::size_t c = 0; rows_[r].is_referenced && c < columns_.size(); ++c) {
      const std::uint32_t series = series_[r * columns_.size() + c];
      if (series != kNoSeries) set.drop_reference(series);
    }
  }
  forget_series();
}

bool SharedFamily::shows(const SeriesSet& set, std::uint32_t family) const {
  for (std::uint32_t r = 0; r < rows_.size(); ++r) {
    if (rows_[r].is_referenced) return set.series(series_[r * columns_.size()]).family == family;
  }
  return false;
}

}  // namespace weir
