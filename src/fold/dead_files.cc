#include "fold/dead_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "collect/liveness.h"
#include "format/archive_file.h"
#include "format/db_walk.h"

namespace weir {
namespace {

class OpenedFile {
 public:
  // O_NONBLOCK: a FIFO of that name must not hang the folder; O_NOFOLLOW: a link leads to a file of somebody else.
  OpenedFile(const std::filesystem::path& path, int access)
      : fd_(::open(path.c_str(), access | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY)) {}
  ~OpenedFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  OpenedFile(const OpenedFile&) = delete;
  OpenedFile& operator=(const OpenedFile&) = delete;
  int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

bool is_regular(int fd) noexcept {
  struct stat found {};
  return fstat(fd, &found) == 0 && S_ISREG(found.st_mode);
}

/// A read lease is refused while anyone on this kernel has the file open, or mapped, for writing.
bool nobody_writes(int fd) noexcept {
  if (fcntl(fd, F_SETLEASE, F_RDLCK) != 0) return false;
  fcntl(fd, F_SETLEASE, F_UNLCK);
  return true;
}

struct Verdict {
  WriterKind written_by = WriterKind::weir;
  bool is_dead = false;
};

Verdict judge_file(const MergeFile& file, bool stock_files) {
  const OpenedFile opened(file.path, O_RDONLY);
  alignas(8) char bytes[kDbHeaderSize];
  if (opened.fd() < 0 || !is_regular(opened.fd())) return {};
  if (::pread(opened.fd(), bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes)) return {};
  const std::uint32_t mark = read_db_header(bytes).mark;
  if (mark == kWeirMark || mark == kDeadMark) {
    return {WriterKind::weir, writer_liveness(opened.fd(), file.name.identity) == Liveness::dead};
  }
  return {WriterKind::stock, stock_files && mark == 0 && nobody_writes(opened.fd())};
}

}  // namespace

FoundFiles find_dead_files(const std::vector<MergeFile>& files, bool stock_files) {
  FoundFiles found;
  for (const MergeFile& file : files) {
    if (is_archive_name(file.name)) continue;
    const Verdict verdict = judge_file(file, stock_files);
    if (verdict.is_dead) {
      found.dead.push_back({file, verdict.written_by});
      continue;
    }
    ++found.live;
    found.others += verdict.written_by == WriterKind::stock ? 1 : 0;
  }
  return found;
}

std::optional<MergeFile> take_stock_file(const MergeFile& file) {
  std::uint64_t random = 0;
  if (::getrandom(&random, sizeof random, 0) != static_cast<ssize_t>(sizeof random)) return std::nullopt;
  MergeFile taken = file;
  taken.name.identity = fmt::format("{}-{:016x}", file.name.identity, random);
  const std::filesystem::path path(file.path);
  taken.path = (path.parent_path() / to_string(taken.name)).string();
  std::error_code error;
  std::filesystem::rename(path, taken.path, error);
  if (error) return std::nullopt;
  const OpenedFile opened(taken.path, O_RDONLY);
  return opened.fd() >= 0 && nobody_writes(opened.fd()) ? std::optional{taken} : std::nullopt;
}

std::optional<std::chrono::system_clock::time_point> dead_since(const std::filesystem::path& path) {
  const OpenedFile opened(path, O_RDWR);
  struct stat found {};
  alignas(8) char bytes[kDbHeaderSize];
  if (opened.fd() < 0 || ::pread(opened.fd(), bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes)) {
    return std::nullopt;
  }
  if (read_db_header(bytes).mark == kDeadMark) {
    if (fstat(opened.fd(), &found) != 0) return std::nullopt;
    return std::chrono::system_clock::from_time_t(found.st_mtime);
  }
  // The mark changes the file, and with it its time: killed in between, the next fold begins anew.
  if (::pwrite(opened.fd(), &kDeadMark, sizeof kDeadMark, 4) != static_cast<ssize_t>(sizeof kDeadMark)) {
    return std::nullopt;
  }
  return std::chrono::system_clock::now();
}

}  // namespace weir
