// What a fold of a directory does, decided from what was seen there; nothing here touches a file.
//
//   FoldPlan plan = plan_fold(found, options);
//   for (const KindFiles& kind : plan.kinds) plan_kind(kind.files, names_in_its_archive, options.least_sources) …
//
// Thread safety: pure functions. Invariants: I1, I2 (what an archive holds is never folded again).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "fold/dead_files.h"
#include "weir/fold.h"

namespace weir {

/// Dead files of a kind that has an archive.
struct KindFiles {
  FileKind kind;
  std::vector<DeadFile> files;
};

struct FoldPlan {
  std::vector<KindFiles> kinds;         ///< in the order of kArchiveKinds, none of them empty
  std::vector<MergeFile> ended_gauges;  ///< `live*` ones: they go with their process
  std::vector<MergeFile> all_gauges;    ///< of `all`: they go after a time
  std::size_t left = 0;                 ///< dead files nothing is done about
};

FoldPlan plan_fold(const FoundFiles& found, const FoldOptions& options);

struct KindPlan {
  std::vector<DeadFile> sources;     ///< to be folded; their number is 0, or `least_sources` at least
  std::vector<MergeFile> leftovers;  ///< the archive holds them: a fold was killed between its commit and its clean-up
  std::size_t left = 0;              ///< too few to be folded now
};

/// `folded_before`: the names in the archive of that kind.
KindPlan plan_kind(const std::vector<DeadFile>& dead, std::span<const std::string> folded_before,
                   std::size_t least_sources);

/// The names a new archive has: of what it holds already, those that still stand there (they could not be removed, or
/// are not known to be dead this time: unless it names them too, they count again), and what is folded now.
std::vector<std::string> names_of_archive(std::span<const std::string> folded_before,
                                          std::span<const MergeFile> folded_now,
                                          const std::function<bool(const std::string&)>& is_there);

enum class AllGauge : std::uint8_t {
  stays,
  goes,
  waits_anew  ///< it is known to be dead since a moment to come: the clock was set back, and its time begins again
};

/// What becomes of a dead process's gauges of `all`. Nothing for `since`: unknown. `keep` 0: for ever.
AllGauge plan_all_gauge(std::optional<std::chrono::system_clock::time_point> since,
                        std::chrono::system_clock::time_point now, std::chrono::seconds keep);

/// Writers that had a file when the directory was listed, and have none any more.
std::set<std::string> writers_gone(std::span<const MergeFile> listed,
                                   const std::function<bool(const std::string& path)>& is_there);

/// Without its directory.
std::string name_of(const MergeFile& file);

}  // namespace weir
