// What one multiprocess file holds, key by key: for moving it elsewhere as it stands (a merge would forget who
// counted).
//
//   FileContent content = read_file_entries({path, name}, problems);
//   for (const FileEntry& entry : content.entries) …                  // one a key; buckets not cumulated
//
// Several entries of one key (slots) become one by the rule of their kind. A sum that no double can say comes in parts,
// whose exact sum it is (P4). What cannot be read is named as MultiProcessCollector names it, and left out.
//
// Thread safety: pure but for system calls. Process safety: reads only, by pread(2).
// Invariants: I4 (memory is bounded by a window and by the keys there are), I5.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "collect/file_merge.h"

namespace weir {

/// Far below the last bit of any sum of doubles that a program counts.
inline constexpr std::size_t kMostRests = 3;

struct FileEntry {
  std::string key;     ///< JSON, spelled as json_key() spells it
  std::string series;  ///< its canonical text, as a SeriesTable has it
  double value = 0;
  double timestamp = 0;      ///< the newest; 0: none
  std::vector<double> rest;  ///< what `value` lacks of an exact sum, the larger first; at most kMostRests
};

struct FileContent {
  std::vector<FileEntry> entries;  ///< in the order their keys stand in the file
  bool writer_lives = false;       ///< a Weir process holds the file: it counts on
};

FileContent read_file_entries(const MergeFile& file, std::vector<Problem>& problems);

/// The entries of one metric alone, by the name its keys carry; empty where the file cannot be read. Keys of others are
/// passed over by their first bytes, so it costs little more than walking the file.
std::vector<FileEntry> read_metric_entries(const MergeFile& file, std::string_view metric_name);

}  // namespace weir
