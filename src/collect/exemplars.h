// The exemplars a directory's writers left beside their values, attached to the series of a table
// (format/exemplar_record.h).
//
// Of several exemplars of one series the newest is shown. A sidecar that cannot be read costs its exemplars and is
// named; a record that was torn, names no series of the table, or holds what no scraper takes (text that is not UTF-8),
// is passed over.
//
// Thread safety: one thread at a time. Invariants: I4.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "format/json_key.h"
#include "weir/snapshot.h"

namespace weir {

class DirectoryExemplars {
 public:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  using Newest = std::unordered_map<std::string, Exemplar, TextHash, std::equal_to<>>;  ///< by series text

  /// Reads every sidecar anew. What cannot be read is appended to `problems`.
  std::vector<Snapshot::ExemplarAt> read(const std::filesystem::path& directory,
                                         const std::shared_ptr<const SeriesTable>& table,
                                         std::vector<Problem>& problems);
  /// The newest exemplar of each series that has one, whether or not any table shows it.
  Newest newest(const std::filesystem::path& directory, std::vector<Problem>& problems);

 private:
  void read_file(const std::filesystem::path& path, Newest& newest, std::vector<Problem>& problems);
  /// The canonical text of a key's series, parsed once; empty for a key that is none.
  const std::string& text_of(std::string_view key);

  KeyParser parser_;
  MetricKey parsed_;
  std::unordered_map<std::string, std::string> texts_;  // by key
  std::size_t used_texts_ = 0;                          // looked up in this read, to know when texts_ has grown stale
};

}  // namespace weir
