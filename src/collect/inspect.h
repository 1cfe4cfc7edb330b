// What stands in a multiprocess directory, file by file: for `weir check` and people.
//
//   for (const InspectedFile& file : inspect_directory("/run/app/metrics")) ...
//
// It looks, and merges nothing; what a collection makes of the files, MultiProcessCollector says.
//
// Thread safety: pure but for system calls.
// Process safety: reads only. Stock files are probed by a read lease that is given back at once (protocol P5); should a
// writer open the file in that moment it waits for microseconds, and this process is sent SIGIO, which it must ignore.
// Invariants: I4 (memory is bounded by a window, whatever files say).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "format/db_file.h"
#include "format/file_name.h"
#include "weir/writers.h"

namespace weir {

struct InspectedFile {
  std::filesystem::path path;
  std::optional<FileName> name;        ///< nothing when the name is not a multiprocess file's
  std::uintmax_t size = 0;             ///< bytes, as the directory says
  std::size_t used = 0;                ///< bytes in use, as the file says
  std::size_t entries = 0;             ///< that can be walked
  std::optional<RecordLayout> layout;  ///< nothing when no entry tells
  bool by_weir = false;                ///< written by Weir: its writer holds a lock
  WriterState writer = WriterState::unknown;
  std::string unreadable;  ///< the system's words when it cannot be opened or read; empty otherwise
};

/// Every `*.db` of the directory, sorted by name. Throws StorageError naming the directory when it cannot be listed.
std::vector<InspectedFile> inspect_directory(const std::filesystem::path& directory);

}  // namespace weir
