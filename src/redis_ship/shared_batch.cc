#include "redis_ship/shared_batch.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace weir {
namespace {

constexpr std::size_t kBookedAtOnce = 256;

std::vector<BookedValue> read_all(const SeriesBook& book) {
  std::vector<BookedValue> booked(book.size());
  for (std::size_t first = 0; first < booked.size(); first += kBookedAtOnce) {
    book.read(static_cast<std::uint32_t>(first),
              std::span(booked).subspan(first, std::min(kBookedAtOnce, booked.size() - first)));
  }
  return booked;
}

/// False when there is nothing to say. `totals`: of the values before, filled in for this one.
bool operation_for(std::uint32_t i, const SharedValue& value, const std::vector<BookedValue>& booked,
                   std::vector<double>& totals, SharedOperation& operation) {
  if (value.sample == kNone && value.previous == kNone) return false;
  // The book may have grown since it was read; what is newer waits for the next flush.
  const bool is_booked = value.sample != kNone && value.sample < booked.size();
  const BookedValue now = is_booked ? booked[value.sample] : BookedValue{};
  totals[i] = now.value + (value.previous != kNone ? totals[value.previous] : 0);
  if (value.sample != kNone && !now.is_counted) return false;
  operation = {i, SharedVerb::add, totals[i] - value.shipped, totals[i], now.timestamp};
  const bool was_set = value.is_gauge && now.timestamp != value.timestamp;
  if (was_set) {
    operation.verb = SharedVerb::set;
    operation.amount = totals[i];
    return true;
  }
  if (value.keeps_time) {
    operation.verb =
        SharedVerb::init;  // nobody has set it: it shows what it starts from, unless a process has said more
    operation.amount = totals[i];
    return !value.is_known;
  }
  const bool is_same = totals[i] == value.shipped || (std::isnan(totals[i]) && std::isnan(value.shipped));
  if (is_same) {
    operation.amount = 0;  // infinity minus itself is no number
  } else if (value.is_gauge && !std::isfinite(operation.amount)) {
    operation.verb = SharedVerb::set;  // what is not finite cannot be added
    operation.amount = totals[i];
  }
  return !value.is_known || !is_same;
}

}  // namespace

std::vector<SharedOperation> due_operations(const SharedSeries& series, const SeriesBook& book) {
  const std::vector<BookedValue> booked = read_all(book);
  std::vector<double> totals(series.values().size());
  std::vector<SharedOperation> operations;
  SharedOperation operation;
  for (std::uint32_t i = 0; i < totals.size(); ++i) {
    if (operation_for(i, series.values()[i], booked, totals, operation)) operations.push_back(operation);
  }
  return operations;
}

}  // namespace weir
