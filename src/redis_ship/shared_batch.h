// What one flush of the shared layout says to the server, frozen until it is answered (P10).
//
//   std::vector<SharedOperation> operations = due_operations(series, book);
//
// Thread safety: values; due_operations() takes the registration lock for moments.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "redis_ship/series_book.h"
#include "redis_ship/shared_series.h"

namespace weir {

enum class SharedVerb : std::uint8_t { add, set, init };

struct SharedOperation {
  std::uint32_t value = 0;  ///< in SharedSeries::values()
  SharedVerb verb = SharedVerb::add;
  double amount = 0;
  double total = 0;  ///< this process's, once it is acknowledged
  double timestamp = 0;
};

struct SharedCall {
  std::string batches;  ///< the key that remembers it
  std::string field;
  std::uint64_t sequence = 0;
  std::vector<SharedOperation> operations;
};

/// What the server lacks of what this process has counted and set.
std::vector<SharedOperation> due_operations(const SharedSeries& series, const SeriesBook& book);

}  // namespace weir
