// The values of one collection while they are being merged: two doubles a series, in table order.
//
//   ValueSums sums;
//   sums.begin(plan);
//   sums.add(kind, window, refused);              // once a window of a file
//   std::vector<double> values = sums.finish(plan);
//
// Sums run as exact pairs (exact_sum.h): most series never see a rounding error, and the few whose pair would become
// inexact move to an ExactSum. For mostrecent the second double is the newest timestamp.
//
// Thread safety: one thread at a time. Invariants: I2, I4 (a counter cell that is NaN is left out and named), P4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collect/exact_sum.h"
#include "collect/merge_rule.h"
#include "collect/series_set.h"

namespace weir {

/// Where one cell lies in a file, and the series it counts for. 8 bytes, so that 128,000 of them are 1 MB.
struct CellPlace {
  std::uint32_t value_at = 0;  ///< offset in the file / 8
  std::uint32_t series = 0;    ///< index in the table

  std::size_t offset() const noexcept { return std::size_t{value_at} * 8; }
};

/// Cells of one file that lie in one window of it.
struct CellWindow {
  const CellPlace* begin = nullptr;
  const CellPlace* end = nullptr;
  const char* bytes = nullptr;  ///< of the window; the file's byte `offset` comes first
  std::size_t offset = 0;
  bool has_timestamps = true;
  const double* values = nullptr;  ///< the cells' values when they are known without the bytes; not for mostrecent
};

class ValueSums {
 public:
  /// Every series of the plan's table starts at what its rule starts from.
  void begin(const MergePlan& plan);
  /// Merges the window's cells. Cells left out because they are NaN where NaN cannot be are appended to `refused`.
  void add(FileKind kind, const CellWindow& window, std::vector<CellPlace>& refused);
  /// Rounds, cumulates buckets, and gives the values away.
  std::vector<double> finish(const MergePlan& plan);

 private:
  std::vector<double> values_;   // sum: the pair's high part
  std::vector<double> seconds_;  // sum: its low part; mostrecent: timestamp; else unused
  std::unordered_map<std::uint32_t, ExactSum> exact_;
  const SeriesTable* table_ = nullptr;

  void add_inexact(std::uint32_t series, double v);
  void sum(FileKind kind, const CellWindow& window, std::vector<CellPlace>& refused);
  void take_newest(const CellWindow& window);
};

}  // namespace weir
