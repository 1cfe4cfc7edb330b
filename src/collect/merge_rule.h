// How cells of one series, in several files and in several entries of one file, become one value.
//
//   sum          counters, histograms, summaries, gauge sum      exact (P4)
//   min, max     gauge min, max                                  NaN only where every cell is NaN
//   most_recent  gauge mostrecent                                newest timestamp; of equal ones the larger value
//   last         gauge all                                       one series a process, so one cell; else the last met
//
// The `live` forms of the gauge modes merge like the plain ones; what they leave out is decided per file (liveness.h).
//
// Thread safety: pure functions. Invariants: I2, I5.
// Source: https://prometheus.github.io/client_python/multiprocess/
#pragma once

#include <cstdint>

#include "format/file_name.h"
#include "weir/types.h"

namespace weir {

enum class MergeRule : std::uint8_t { sum, min, max, most_recent, last };

constexpr MergeRule merge_rule(MetricType type, GaugeMode mode) noexcept {
  if (type != MetricType::gauge) return MergeRule::sum;
  switch (without_live(mode)) {
    case GaugeMode::min:
      return MergeRule::min;
    case GaugeMode::max:
      return MergeRule::max;
    case GaugeMode::mostrecent:
      return MergeRule::most_recent;
    case GaugeMode::all:
      return MergeRule::last;
    default:
      return MergeRule::sum;
  }
}

/// True where every process keeps a series of its own, told apart by the label `pid`.
constexpr bool has_pid_label(FileKind kind) noexcept {
  return kind.type == MetricType::gauge && without_live(kind.mode) == GaugeMode::all;
}

}  // namespace weir
