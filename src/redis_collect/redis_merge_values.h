// The values and exemplars one collection has read from Redis, on their way into the merge.
//
//   ReadValues values;
//   values.put(kind, series, value, timestamp);
//   values.give(sums, refused);                         // after sums.begin(plan)
//
// Cells lie as they would in a file: value and timestamp, 16 bytes each, one row of them a kind.
//
// Thread safety: one thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "collect/value_sums.h"
#include "weir/snapshot.h"

namespace weir {

class ReadValues {
 public:
  void clear();
  void put(FileKind kind, std::uint32_t series, double value, double timestamp) {
    Batch& batch = batch_of(kind);
    batch.cells.push_back({.value_at = static_cast<std::uint32_t>(batch.pairs.size()), .series = series});
    batch.pairs.push_back(value);
    batch.pairs.push_back(timestamp);
  }
  /// Of several exemplars of one series the newest stays.
  void put(std::uint32_t series, const Exemplar& exemplar);

  std::size_t size() const noexcept;
  /// Merges all values. `refused`: the cells left out because a count cannot be NaN.
  void give(ValueSums& sums, std::vector<CellPlace>& refused) const;
  /// Those of series that stand in a table of `size`.
  std::vector<Snapshot::ExemplarAt> exemplars(std::size_t size) const;

 private:
  struct Batch {
    FileKind kind;
    std::vector<CellPlace> cells;
    std::vector<double> pairs;
  };
  static constexpr std::size_t kTypes = 8;
  static constexpr std::size_t kModes = 16;

  std::array<Batch, kTypes * kModes> batches_;
  std::map<std::uint32_t, Exemplar> exemplars_;

  Batch& batch_of(FileKind kind) {
    const bool gauge = kind.type == MetricType::gauge;
    const auto mode = gauge ? static_cast<std::size_t>(kind.mode) : 0;
    Batch& batch = batches_[static_cast<std::size_t>(kind.type) * kModes + mode];
    batch.kind = kind;
    return batch;
  }
};

}  // namespace weir
