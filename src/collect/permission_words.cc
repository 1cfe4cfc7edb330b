#include "collect/permission_words.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace weir {

std::string permission_words(int error, const std::filesystem::path& path, std::string_view need) {
  if (error != EACCES && error != EPERM) return "";
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) {
    return fmt::format("; user {} may not {}: run this as the user whose processes write there", geteuid(), need);
  }
  return fmt::format(
      "; user {} may not {}, it belongs to user {} with mode {:04o}: run this as that user, or let this one with chmod "
      "or setfacl",
      geteuid(), need, found.st_uid, found.st_mode & 07777U);
}

}  // namespace weir
