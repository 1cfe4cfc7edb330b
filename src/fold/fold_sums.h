// What the sources of one archive add up to, series by series.
//
//   FoldSums sums(FileKind{MetricType::counter});
//   sums.take(content);                            // the old archive, then each source
//   std::string bytes = sums.archive(names);
//
// Values are the raw ones of files: buckets are not cumulated. A sum is kept exactly, in as many entries as that takes.
//
// Thread safety: one thread at a time. Invariants: I2, I5, P4.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "collect/merged_entry.h"
#include "format/file_name.h"

namespace weir {

class FoldSums {
 public:
  explicit FoldSums(FileKind kind) : rule_(merge_rule(kind.type, kind.mode)) {}

  /// Where help texts differ, the one taken last stays.
  void take(const FileContent& content);
  /// The whole file, ending in the names of its sources. Throws StorageError where it would pass 2 GiB.
  std::string archive(const std::vector<std::string>& sources) const;
  /// Of archive().
  std::size_t series() const noexcept { return keys_.size(); }

 private:
  const MergeRule rule_;
  std::vector<std::string> keys_;
  std::vector<MergedEntry> merged_;                       // of keys_
  std::unordered_map<std::string, std::size_t> numbers_;  // by series text
};

}  // namespace weir
