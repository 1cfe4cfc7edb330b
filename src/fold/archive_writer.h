// Putting a complete file in the place of another, so that every reader sees the one or the other (P6).
//
// Thread safety: pure but for system calls; one process at a time a path (the fold's lock).
#pragma once

#include <filesystem>
#include <string_view>

namespace weir {

/// Writes `bytes` beside `path`, has the disk take them, renames them to `path`, and has the disk take that: when it
/// returns, no crash of the machine undoes it. Throws StorageError naming the path; what stood there then stands.
void replace_file(const std::filesystem::path& path, std::string_view bytes);

/// Has the disk take what was renamed and removed in a directory.
void sync_directory(const std::filesystem::path& directory);

}  // namespace weir
