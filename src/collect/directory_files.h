// Which multiprocess files a directory holds, and which directory the environment names.
//
//   for (const MergeFile& file : list_directory("/run/metrics", problems)) …
//
// Thread safety: list_directory is pure but for the directory; directory_or_environment reads the environment.
// Invariants: I4 (a foreign `.db` file is named and left alone).
#pragma once

#include <filesystem>
#include <vector>

#include "collect/file_merge.h"

namespace weir {

/// Every `*.db` file, sorted by name, hidden ones left out as stock does; none where the directory cannot be listed
/// or entered. What is none of ours, or such a directory, is appended to `problems`.
std::vector<MergeFile> list_directory(const std::filesystem::path& directory, std::vector<Problem>& problems);

/// Adds the archives `directory` may have (P6), also those it has not, keeping the order: a listing may miss one that
/// is made while it runs, and with it what was folded. Not of a directory that cannot be listed: archives alone would
/// be less than there is (I2).
void add_archives(const std::filesystem::path& directory, std::vector<MergeFile>& files);

/// Takes out the files whose values an archive among `files` holds: a fold that was killed left them.
void leave_out_archived(std::vector<MergeFile>& files, std::vector<Problem>& problems);

/// `directory`, or when it is empty what PROMETHEUS_MULTIPROC_DIR says, or the deprecated prometheus_multiproc_dir
/// (logs a warning once a process). Throws ConfigError when none is set; `wanted_by` says in the message what for.
std::filesystem::path directory_or_environment(std::filesystem::path directory, std::string_view wanted_by);

}  // namespace weir
