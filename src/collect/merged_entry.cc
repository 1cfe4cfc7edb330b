#include "collect/merged_entry.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace weir {

void MergedEntry::take(MergeRule rule, CellPair met) {
  if (std::isnan(met.timestamp)) met.timestamp = 0;
  const bool is_first = std::exchange(is_first_, false);
  switch (rule) {
    case MergeRule::sum:
      add(met.value);
      break;
    case MergeRule::min:
      if (is_first || met.value < value_ || std::isnan(value_)) value_ = met.value;
      break;
    case MergeRule::max:
      if (is_first || met.value > value_ || std::isnan(value_)) value_ = met.value;
      break;
    case MergeRule::last:
      value_ = met.value;
      break;
    case MergeRule::most_recent:
      if (is_first || met.timestamp > timestamp_ ||
          (met.timestamp == timestamp_ && (met.value > value_ || std::isnan(value_)))) {
        value_ = met.value;
      }
      break;
  }
  timestamp_ = is_first ? met.timestamp : std::max(timestamp_, met.timestamp);
}

void MergedEntry::give(MergeRule rule, std::size_t most_rests, FileEntry& entry) const {
  entry.timestamp = timestamp_;
  entry.value = rule == MergeRule::sum ? pair_.value() : value_;
  if (rule != MergeRule::sum || (!exact_ && pair_.low == 0)) return;
  ExactSum sum;
  if (exact_) sum = *exact_;
  sum.add(pair_.high);
  sum.add(pair_.low);
  entry.value = sum.value();
  for (double part = entry.value; std::isfinite(part) && entry.rest.size() < most_rests;) {
    sum.add(-part);
    part = sum.value();
    if (part == 0) break;
    entry.rest.push_back(part);
  }
}

void MergedEntry::add(double v) {
  if (!exact_ && pair_.add(v)) return;
  if (!exact_) exact_ = std::make_unique<ExactSum>();
  exact_->add(v);
}

}  // namespace weir
