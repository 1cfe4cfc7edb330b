// One metric on a screen of its own: its numbers, a picture, and which writer counted how much.
//
// Thread safety: pure function.
#pragma once

#include <string>
#include <vector>

#include "watch/screen.h"
#include "watch/watch.h"
#include "weir/writers.h"

namespace weir {

/// What one writer holds of a metric: its value; of a histogram or summary how much it observed.
struct WriterValue {
  std::string writer;
  WriterState state = WriterState::unknown;
  double value = 0;
};
/// In the order of the split, a line a writer.
std::vector<WriterValue> writer_values(const WatchedMetric& metric, const FamilySplit& split);

/// Lines of any number, each at most `columns` wide. `split` null: who counted is not known (yet).
std::vector<ScreenLine> metric_page(const Watch& watch, const WatchedMetric& metric, const FamilySplit* split,
                                    std::size_t columns);

}  // namespace weir
