// A directory being listed by readdir(), closed when it goes out of scope; null when it could not be opened (errno says
// why).
//
// Thread safety: one thread at a time.
#pragma once

#include <dirent.h>

#include <filesystem>
#include <memory>

namespace weir {

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { closedir(directory); }
};
using OpenDirectory = std::unique_ptr<DIR, CloseDirectory>;

inline OpenDirectory open_directory(const std::filesystem::path& path) { return OpenDirectory{opendir(path.c_str())}; }

}  // namespace weir
