#include "fold/dead_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

#include "collect/liveness.h"
#include "collect/permission_words.h"
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

/// A read lease is refused while anyone on this kernel has the file open, or mapped, for writing; with EACCES to
/// whoever is neither the file's owner nor privileged (fcntl(2)).
bool nobody_writes(int fd) noexcept {
  if (fcntl(fd, F_SETLEASE, F_RDLCK) != 0) return false;
  fcntl(fd, F_SETLEASE, F_UNLCK);
  return true;
}

/// Whether the file's first bytes are those of a metrics file, or of one that has just begun.
bool looks_like_metrics(int fd, const DbHeader& header) {
  if (header.used == 0 || header.used == static_cast<std::int32_t>(kDbHeaderSize)) return true;
  if (header.used < 0) return false;
  const auto used = static_cast<std::size_t>(header.used);
  std::string bytes;
  for (const std::size_t size : {std::size_t{4096}, entry_size(kMaxKeyLength, RecordLayout::value_timestamp)}) {
    bytes.resize(std::min(size, used - std::min(used, kDbHeaderSize)));
    const ssize_t got = ::pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(kDbHeaderSize));
    if (got < 0) return true;  // who cannot be read cannot be judged
    bytes.resize(static_cast<std::size_t>(got));
    if (judge_layout(bytes, kDbHeaderSize, used).keys > 0) return true;
  }
  return false;
}

struct Verdict {
  WriterKind written_by = WriterKind::weir;
  bool is_dead = false;
  const char* refused = nullptr;  ///< what the system did not let be done; null: nothing
};

/// Of a file that is not of Weir's: whether nobody has it open for writing.
Verdict probed(WriterKind written_by, int fd) {
  const bool is_dead = nobody_writes(fd);
  const bool is_refused = !is_dead && (errno == EACCES || errno == EPERM);
  return {written_by, is_dead, is_refused ? "ask whether anyone writes it (for its owner and root alone)" : nullptr};
}

Verdict judge_file(const MergeFile& file, bool stock_files) {
  const OpenedFile opened(file.path, O_RDONLY);
  alignas(8) char bytes[kDbHeaderSize];
  if (opened.fd() < 0) return {WriterKind::weir, false, errno == EACCES ? "read it" : nullptr};
  if (!is_regular(opened.fd())) return {};
  const ssize_t got = ::pread(opened.fd(), bytes, sizeof bytes, 0);
  if (got <= 0) return {};  // it has just begun, or cannot be read
  const bool is_header = got == static_cast<ssize_t>(sizeof bytes);
  const DbHeader header = is_header ? read_db_header(bytes) : DbHeader{};
  if (header.mark == kWeirMark || header.mark == kDeadMark) {
    return {WriterKind::weir, writer_liveness(opened.fd(), file.name.identity) == Liveness::dead};
  }
  if (!is_header || !looks_like_metrics(opened.fd(), header)) {
    return stock_files ? probed(WriterKind::nobody, opened.fd()) : Verdict{WriterKind::nobody};
  }
  if (stock_files && header.mark == 0) return probed(WriterKind::stock, opened.fd());
  return {WriterKind::stock};
}

/// The files that could not be judged, in one problem.
Problem not_judged(const MergeFile& first, const char* refused, std::size_t count) {
  const std::string more = count > 1 ? fmt::format(" and {} more", count - 1) : "";
  return {"unjudged", first.path,
          fmt::format("cannot tell whether the writer of {}{} has ended, so it stays{}", first.path, more,
                      permission_words(EACCES, first.path, refused))};
}

}  // namespace

FoundFiles find_dead_files(const std::vector<MergeFile>& files, bool stock_files) {
  FoundFiles found;
  const MergeFile* first_refused = nullptr;
  const char* refused = nullptr;
  std::size_t refusals = 0;
  for (const MergeFile& file : files) {
    if (is_archive_name(file.name)) continue;
    const Verdict verdict = judge_file(file, stock_files);
    if (verdict.refused != nullptr && refusals++ == 0) {
      first_refused = &file;
      refused = verdict.refused;
    }
    if (verdict.is_dead) {
      found.dead.push_back({file, verdict.written_by});
      continue;
    }
    if (verdict.written_by == WriterKind::nobody) {
      found.problems.push_back(
          {"not_a_db_file", file.path,
           fmt::format("{} is named like a metrics file and holds no metrics, so it stays as it is; find out whose it "
                       "is, and remove it",
                       file.path)});
      continue;
    }
    ++(verdict.written_by == WriterKind::stock ? found.others : found.live);  // of others nobody has looked who lives
  }
  if (refusals > 0) found.problems.push_back(not_judged(*first_refused, refused, refusals));
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

void begin_anew(const std::filesystem::path& path, std::chrono::system_clock::time_point now) {
  const auto at = std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count();
  constexpr std::int64_t kSecond = 1'000'000'000;
  const timespec times[2] = {{0, UTIME_OMIT}, {static_cast<time_t>(at / kSecond), static_cast<long>(at % kSecond)}};
  ::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW);  // where it is refused, the next fold tries again
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
