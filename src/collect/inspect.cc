#include "collect/inspect.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "collect/permission_words.h"
#include "collect/writer_state.h"
#include "format/db_walk.h"
#include "weir/error.h"

namespace weir {
namespace {

/// Holds the longest entry with room to spare.
constexpr std::size_t kReadAhead = 2 * kMaxKeyLength;

class OpenFile {
 public:
  // Non-blocking: a FIFO named like a metrics file must not hang the reader.
  explicit OpenFile(const std::filesystem::path& path)
      : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)) {}
  ~OpenFile() {
    if (fd_ >= 0) close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

std::string system_words() { return std::generic_category().message(errno); }

/// Reads up to `size` bytes at `offset`; false with errno set when the system refuses.
bool read_at(int fd, std::string& into, std::size_t size, std::size_t offset) {
  into.resize(size);
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = pread(fd, into.data() + have, size - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  into.resize(have);
  return true;
}

/// Counts entries window by window; stops where the file cannot be walked on.
void count_entries(int fd, InspectedFile& file) {
  std::string window;
  std::size_t at = kDbHeaderSize;
  const std::size_t end = std::min<std::size_t>(file.used, file.size);
  while (at < end) {
    if (!read_at(fd, window, std::min(kReadAhead, end - at), at)) {
      file.unreadable = system_words();
      return;
    }
    if (!file.layout) {
      const LayoutVerdict verdict = judge_layout(window, at, file.used);
      if (verdict.keys == 0) return;
      file.layout = verdict.layout;
    }
    DbWalk walk(window, at, file.used, *file.layout);
    for (DbEntry entry; walk.next(entry);) ++file.entries;
    if (walk.stop() != DbWalk::Stop::at_window || walk.position() == at) return;
    at = walk.position();
  }
}

void inspect(InspectedFile& file) {
  const OpenFile opened(file.path);
  if (opened.fd() < 0) {
    file.unreadable = errno == ELOOP ? "a symbolic link: scraped, never folded" : system_words();
    return;
  }
  std::string header;
  if (!read_at(opened.fd(), header, kDbHeaderSize, 0)) {
    file.unreadable = system_words();
    return;
  }
  if (header.size() == kDbHeaderSize) {
    const DbHeader read = read_db_header(header.data());
    file.used = read.used > 0 ? static_cast<std::size_t>(read.used) : 0;
    file.by_weir = read.mark == kWeirMark || read.mark == kDeadMark;
    count_entries(opened.fd(), file);
  }
  if (file.name) file.writer = writer_state(opened.fd(), *file.name, file.by_weir);
}

}  // namespace

std::vector<InspectedFile> inspect_directory(const std::filesystem::path& directory) {
  std::error_code error;
  std::vector<InspectedFile> files;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename();
    if (!name.ends_with(".db") || name.starts_with('.')) continue;
    InspectedFile file;
    file.path = at->path();
    file.name = parse_file_name(name);
    std::error_code gone;
    const std::uintmax_t size = at->file_size(gone);
    file.size = gone ? 0 : size;
    files.push_back(std::move(file));
  }
  if (error) {
    throw StorageError(fmt::format("cannot list the metrics directory {}: {}{}", directory.string(), error.message(),
                                   permission_words(error.value(), directory, "list and enter it (r-x)")));
  }
  std::ranges::sort(files, {}, &InspectedFile::path);
  for (InspectedFile& file : files) inspect(file);
  return files;
}

}  // namespace weir
