// Which files of a directory belong to writers that have ended (P5), and getting hold of stock ones.
//
//   for (const DeadFile& file : find_dead_files(files, false).dead) …
//
// Thread safety: pure but for system calls. Process safety: takes no lock; F_OFD_GETLK only looks. Stock files are
// probed by a read lease given back at once. Invariants: I1 (what cannot be judged lives).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "collect/file_merge.h"

namespace weir {

enum class WriterKind : std::uint8_t {
  weir,
  stock,
  nobody  ///< nothing in it speaks for a metrics file: no client wrote it
};

struct DeadFile {
  MergeFile file;
  WriterKind written_by = WriterKind::weir;
};

struct FoundFiles {
  std::vector<DeadFile> dead;
  std::size_t live = 0;           ///< of Weir's, not known to be dead
  std::size_t others = 0;         ///< written by other clients, and not known to be dead
  std::vector<Problem> problems;  ///< files that are none, and those that cannot be judged: they stay
};

/// `stock_files`: files of other clients too, and those that are no metrics files, where nobody has them open for
/// writing. Archives are no writers' files.
FoundFiles find_dead_files(const std::vector<MergeFile>& files, bool stock_files);

/// Gives a stock file a name no process will go on with, and looks again whether anyone still has it open for writing.
/// Nothing when somebody has (the file then counts on under its new name) or when it cannot be renamed.
std::optional<MergeFile> take_stock_file(const MergeFile& file);

/// Since when a dead process's file is known to be dead: marks it on the first call. Nothing where it cannot be marked.
std::optional<std::chrono::system_clock::time_point> dead_since(const std::filesystem::path& path);

/// dead_since() will say `now`.
void begin_anew(const std::filesystem::path& path, std::chrono::system_clock::time_point now);

}  // namespace weir
