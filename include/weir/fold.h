// Folding: what writers that have ended counted moves into one archive a kind, exactly once, and their files go.
//
//   weir::FoldReport report = weir::fold_directory("/run/app/metrics");
//   // report.sources files became part of the archives
//
// So a scrape costs what live processes and the label sets ever met cost, not how many processes ever lived (I8).
// Counters, histograms, summaries and gauges of `sum` add up, `min` and `max` combine, `mostrecent` keeps the newest;
// gauges of `all` keep their `pid` for a while and then go; `live*` gauges go with their process.
//
// Who is dead: a Weir writer whose lock the kernel has released (P5); never by guess. Files of other clients only on
// request, and then only when nobody on this machine has them open for writing.
//
// Exactly once (P6): the rename of a complete archive, which names the files it holds, is the one commit. A fold killed
// at any instruction leaves either the old archive and its sources, or the new one and names of files that readers
// skip; the next fold finishes. Weir's readers never see a value twice or not at all. Readers of other clients open
// files one by one, so a scrape of theirs may: fold only where Weir reads.
//
// Thread safety: from any thread. Process safety: one process folds a directory at a time (flock(2) on the directory
// itself); the others are told so. SIGIO must be ignored where `stock_files` is set. Invariants: I1, I2, I4, I8.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <vector>

#include "weir/snapshot.h"

namespace weir {

struct FoldOptions {
  /// Files of clients that hold no lock too (Python's prometheus_client), as far as nobody has them open for writing.
  /// Only right where no process on another machine writes there, and no reader but Weir's reads.
  bool stock_files = false;
  /// Do nothing where a file of another client stands: its readers may scrape the directory too.
  bool only_among_weir = false;
  /// How long a dead process's `all` gauges stay, counted from the first fold that finds it dead, and anew where the
  /// clock was set back before that; 0: for ever. A clock set forward ends the time early.
  std::chrono::seconds keep_all{3600};
  /// Fold a kind only when at least this many files of it are dead: an archive is written anew each time.
  std::size_t least_sources = 1;
  /// Count whose processes live and whose have ended, and change nothing.
  bool only_look = false;
  /// Called now and then with the files read so far and how many there are; may be empty.
  std::function<void(std::size_t done, std::size_t all)> progress = {};
};

struct FoldReport {
  bool is_busy = false;     ///< another process folds this directory now: nothing was done
  std::size_t sources = 0;  ///< files whose values became part of an archive
  std::size_t entries = 0;  ///< entries the archives written now have
  std::size_t removed = 0;  ///< gauge files of dead processes that went: `live*`, and `all` after their time
  std::size_t set_aside =
      0;  ///< of the sources, damaged ones: what could be read was folded, the file is `<name>.damaged`
  std::size_t others = 0;  ///< files of other clients that were not folded; with `only_among_weir` nothing was
  std::size_t live = 0;    ///< files of Weir's that are not known to be dead: they are left alone
  std::size_t left = 0;    ///< dead files that stay: too few of a kind, their time has not come, or `only_look`
  std::size_t under_way =
      0;  ///< of a Redis: large writers that were folded in part; fold again, when readers had time to read
  std::vector<Problem> problems;
};

/// Throws StorageError when the directory cannot be read or an archive cannot be written; what stood there stands as
/// before.
FoldReport fold_directory(const std::filesystem::path& directory, const FoldOptions& options = {});

}  // namespace weir
