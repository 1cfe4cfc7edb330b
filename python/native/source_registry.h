// What a Python CollectorRegistry holds, as one source: metrics, other sources (a directory, a Redis), Python
// collectors; shown in the order they came.
//
// A family that stands in two of them is shown once: as a source of many processes has it, else as the first has it; of
// the rest a Problem tells. The names of all are put into one table, which stays as long as no part's table changes.
//
// Thread safety: every member from any thread, with or without the GIL; entries are guarded by the registration lock,
// which is never held over user code nor while the GIL is waited for.
// Process safety: fork holds the registration lock; a child has the same entries.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "weir/snapshot.h"

namespace weir::python {

class SourceRegistry final : public Source {
 public:
  /// Adds what `source` shows; `is_reader` where it reads what many processes counted. The handle is for remove().
  std::uint64_t add(std::shared_ptr<Source> source, bool is_reader);
  /// False when there is none of that handle.
  bool remove(std::uint64_t handle);

  std::shared_ptr<const Collection> collect() override;
  std::string describe() const override { return "registry"; }

 private:
  struct Entry {
    std::shared_ptr<Source> source;
    bool is_reader = false;
  };
  /// The table of all parts, and where its values are found.
  struct Joined {
    struct Run {
      std::size_t part, first, count;
    };
    std::vector<std::shared_ptr<const SeriesTable>> parts;  // what it was made of
    std::vector<Run> runs;
    std::shared_ptr<const SeriesTable> table;
    std::vector<Problem> problems;
  };
  using Parts = std::vector<std::shared_ptr<const Collection>>;

  static std::shared_ptr<const Joined> join(const std::vector<Entry>& entries, const Parts& parts);
  static void append(const Joined& joined, const Parts& parts, Collection& out);

  // Guarded by the registration lock.
  std::map<std::uint64_t, Entry> entries_;
  std::uint64_t next_ = 1;
  std::shared_ptr<const Joined> joined_;
};

}  // namespace weir::python
