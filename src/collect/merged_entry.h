// Several cells of one series becoming one entry, by the rule of their kind, without loss.
//
//   MergedEntry merged;
//   merged.take(rule, {value, timestamp});                   // each cell
//   merged.give(rule, most_rests, entry);                    // value, and for sums what it lacks of the exact one
//
// Thread safety: one thread at a time. Invariants: I2, P4.
#pragma once

#include <memory>

#include "collect/exact_sum.h"
#include "collect/file_entries.h"
#include "collect/merge_rule.h"

namespace weir {

/// What a cell holds.
struct CellPair {
  double value = 0;
  double timestamp = 0;
};

class MergedEntry {
 public:
  void take(MergeRule rule, CellPair met);
  /// Fills `entry`'s value, timestamp and rest.
  void give(MergeRule rule, std::size_t most_rests, FileEntry& entry) const;

 private:
  void add(double v);

  bool is_first_ = true;
  double value_ = 0;
  double timestamp_ = 0;
  PairSum pair_;
  std::unique_ptr<ExactSum> exact_;  // made when the pair would become inexact; the pair is added in the end
};

}  // namespace weir
