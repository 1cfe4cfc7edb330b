#include "fold/archive_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include "weir/error.h"

namespace weir {
namespace {

/// As readable as the directory: whoever may list it may read what its writers counted.
mode_t mode_for(const std::filesystem::path& directory) noexcept {
  struct stat found {};
  return stat(directory.c_str(), &found) == 0 ? found.st_mode & 0666U : 0644U;
}

void write_whole(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(fd, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) throw std::system_error(errno, std::generic_category());
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
}

void check(int result) {
  if (result != 0) throw std::system_error(errno, std::generic_category());
}

}  // namespace

void sync_directory(const std::filesystem::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  static_cast<void>(::fsync(fd));  // EINVAL where a file system has nothing to sync
  ::close(fd);
}

void replace_file(const std::filesystem::path& path, std::string_view bytes) {
  const std::filesystem::path directory = path.parent_path();
  const std::filesystem::path beside = directory / ("." + path.filename().string() + ".tmp");
  int fd = -1;
  try {
    fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    check(fd < 0 ? -1 : 0);
    check(::fchmod(fd, mode_for(directory)));
    write_whole(fd, bytes);
    check(::fsync(fd));
    check(::rename(beside.c_str(), path.c_str()));
  } catch (const std::system_error& error) {
    if (fd >= 0) ::close(fd);
    ::unlink(beside.c_str());
    throw StorageError(fmt::format("cannot write the archive {}: {}; the files it was to hold stay as they are",
                                   path.string(), error.code().message()));
  }
  ::close(fd);
  sync_directory(directory);
}

}  // namespace weir
