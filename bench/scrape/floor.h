// The floors of scraping: a directory read once with nothing known, and read again with everything known.
//
// Thread safety: one thread.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "harness/directory.h"
#include "harness/render.h"

namespace weir::bench {

/// Opens, reads and walks every file, merges by the raw key, and returns the sum of all values.
double cold_floor(const std::filesystem::path& directory, std::size_t& series);

/// Everything known but the values: reads every file whole through descriptors kept open, adds cell by cell, and
/// renders from cached prefixes.
class WarmFloor {
 public:
  explicit WarmFloor(const Directory& directory);
  std::string_view scrape();

 private:
  struct File {
    int descriptor;
    std::size_t size;
    std::vector<std::pair<std::size_t, std::size_t>> cells;  // offset, series
  };
  std::vector<File> files_;
  std::vector<double> values_;
  std::unique_ptr<char[]> buffer_;
  CachedPrefixes prefixes_;
};

}  // namespace weir::bench
