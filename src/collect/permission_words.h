// What to tell a user whom the system refuses: who owns the thing, what right is missing, and what to do about it.
//
//   fmt::format("cannot open {}: {}{}", path, system_words(errno), permission_words(errno, path, "read it"))
//
// Thread safety: pure but for stat(2).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace weir {

/// `; user 33 may not read it, it belongs to user 0 with mode 0600: run this as that user, …`; empty for errors that
/// are no missing right. `need` completes "may not".
std::string permission_words(int error, const std::filesystem::path& path, std::string_view need);

}  // namespace weir
