#include "collect/db_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <system_error>
#include <utility>

#include "collect/liveness.h"
#include "collect/permission_words.h"
#include "format/archive_file.h"
#include "model/printable.h"
#include "weir/error.h"

namespace weir {
namespace {

constexpr std::size_t kPage = 4096;
/// Bytes of an archive's list of sources: room for a million of them (I4).
constexpr std::size_t kMostNames = std::size_t{64} << 20U;
constexpr std::size_t kSmallEntry = 64;  // few are smaller: their keys would have 40 bytes at most

std::string system_words(int error) { return std::generic_category().message(error); }

/// Why a file that exists, or did, cannot be opened.
std::string_view reason_of(int error) noexcept { return error == ENOENT ? "vanished" : "unreadable"; }

}  // namespace

void ReadBuffers::Free::operator()(char* memory) const noexcept { std::free(memory); }

char* ReadBuffers::room(Room& room, std::size_t size) {
  if (room.size >= size) return room.memory.get();
  const std::size_t rounded = (size + kPage - 1) / kPage * kPage;
  room.memory.reset(static_cast<char*>(std::aligned_alloc(kPage, rounded)));
  if (room.memory == nullptr) throw std::bad_alloc{};
  room.size = rounded;
  return room.memory.get();
}

DbReader::~DbReader() { close(); }

void DbReader::close() noexcept {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

void DbReader::forget(SeriesSet& set) {
  for (const CellPlace& cell : cells_) set.drop_reference(cell.series);
  cells_.clear();
  fresh_values_.clear();
  witnesses_.clear();
  key_problems_.clear();
  more_key_problems_ = 0;
  archived_.clear();
  archived_bytes_.clear();
  layout_.reset();
  walked_ = kDbHeaderSize;
  entries_ = 0;
  stride_ = 1;
}

void DbReader::renumber(const std::vector<std::uint32_t>& renumbered) {
  for (CellPlace& cell : cells_) cell.series = renumbered[cell.series];
}

void DbReader::tell(std::vector<Problem>& problems, std::string_view reason, std::string message) const {
  problems.push_back({.reason = std::string{reason}, .subject = path_, .message = std::move(message)});
}

bool DbReader::may_vanish() const {
  return (name_.kind.type == MetricType::gauge && is_live(name_.kind.mode)) || is_archive_name(name_);
}

bool DbReader::open(SeriesSet& set, std::vector<Problem>& problems) {
  struct stat found {};
  const auto gone = [&](int error) {
    forget(set);
    close();
    vanished_ = error == ENOENT || error == ENOTDIR;  // ENOTDIR: the directory is none, which its listing says
    if (vanished_ && may_vanish()) return false;
    tell(problems, reason_of(error),
         fmt::format("cannot open {}: {}{}", path_, system_words(error), permission_words(error, path_, "read it")));
    return false;
  };
  lacks_resources_ = false;
  vanished_ = false;
  const auto is_known = [&] { return inode_ == found.st_ino && device_ == found.st_dev; };
  if (descriptor_ >= 0) {
    if (stat(path_.c_str(), &found) != 0) return gone(errno);
    size_ = static_cast<std::size_t>(found.st_size);
    if (is_known()) return true;
    close();
  }
  const int error = open_descriptor();
  if (error != 0 && error != ENXIO) return gone(error);
  if (error == 0 && fstat(descriptor_, &found) != 0) return gone(errno);
  if (error == ENXIO || !S_ISREG(found.st_mode)) {  // ENXIO: a socket
    forget(set);
    close();
    tell(problems, "not_a_file", fmt::format("{} is not a regular file, so it holds no metrics", path_));
    return false;
  }
  if (!is_known()) forget(set);
  inode_ = found.st_ino;
  device_ = found.st_dev;
  size_ = static_cast<std::size_t>(found.st_size);
  return true;
}

/// 0, or the system's error.
int DbReader::open_descriptor() {
  // O_NONBLOCK: should a FIFO have that name, opening it must not wait for a writer.
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor_ >= 0) return 0;
  lacks_resources_ = errno == EMFILE || errno == ENFILE || errno == ENOMEM;
  return errno;
}

std::size_t DbReader::read_at(char* to, std::size_t length, std::size_t offset) {
  std::size_t done = 0;
  while (done < length) {
    const ssize_t got = pread(descriptor_, to + done, length - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  bytes_read_ += done;
  return done;
}

std::optional<DbHeader> DbReader::header(std::vector<Problem>& problems) {
  alignas(8) char bytes[kDbHeaderSize];
  if (size_ == 0) return std::nullopt;  // stock's files have no bytes for a moment after they are made
  errno = 0;
  const std::size_t got = read_at(bytes, sizeof bytes, 0);
  if (got < sizeof bytes) {
    if (errno != 0) {
      tell(problems, "unreadable", fmt::format("cannot read {}: {}", path_, system_words(errno)));
    } else {
      tell(problems, "not_a_db_file",
           fmt::format("{} has {} bytes; the header alone has {}", path_, got, kDbHeaderSize));
    }
    return std::nullopt;
  }
  const DbHeader header = read_db_header(bytes);
  // 0: made, and not yet written to.
  if (header.used != 0 && header.used < static_cast<std::int32_t>(kDbHeaderSize)) {
    tell(problems, "not_a_db_file",
         fmt::format("{} says at offset 0 that {} bytes are in use; it must be {} or more", path_, header.used,
                     kDbHeaderSize));
    return std::nullopt;
  }
  return header;
}

bool DbReader::is_dead(const DbHeader& header, ReadPolicy policy) const {
  if (!policy.leave_out_dead || header.mark != kWeirMark) return false;
  if (name_.kind.type != MetricType::gauge || !is_live(name_.kind.mode)) return false;
  return writer_liveness(descriptor_, name_.identity) == Liveness::dead;
}

bool DbReader::sync(SeriesSet& set, ReadBuffers& buffers, ReadPolicy policy, std::vector<Problem>& problems) {
  bytes_read_ = 0;
  const bool is_served = open(set, problems) && sync_open(set, buffers, policy, problems);
  keep_open_ = policy.keep_open;
  if (!keep_open_) close();
  return is_served;
}

bool DbReader::sync_open(SeriesSet& set, ReadBuffers& buffers, ReadPolicy policy, std::vector<Problem>& problems) {
  fresh_values_.clear();
  const std::optional<DbHeader> head = header(problems);
  if (!head || is_dead(*head, policy)) {
    forget(set);
    return false;
  }
  const auto used = std::max(static_cast<std::size_t>(head->used), kDbHeaderSize);
  // A file may have grown since its size was looked at: extended first, and only then in use.
  struct stat now {};
  if (used > size_ && fstat(descriptor_, &now) == 0) size_ = static_cast<std::size_t>(now.st_size);
  if (used < walked_ || size_ < walked_) forget(set);
  const bool is_new = walked_ == kDbHeaderSize;
  if (used > walked_) walk(set, buffers, used, problems);
  if (is_new && head->mark == kArchiveMark) read_archived(used, problems);
  problems.insert(problems.end(), key_problems_.begin(), key_problems_.end());
  if (more_key_problems_ > 0) {
    tell(problems, "bad_key", fmt::format("{} has {} more entries with unusable keys", path_, more_key_problems_));
  }
  return !cells_.empty() || used == kDbHeaderSize;
}

/// What stands behind the entries of an archive. It is renamed into place whole, so one look is enough.
void DbReader::read_archived(std::size_t used, std::vector<Problem>& problems) {
  archived_bytes_.assign(std::min(size_ - std::min(size_, used), kMostNames), '\0');
  archived_bytes_.resize(read_at(archived_bytes_.data(), archived_bytes_.size(), used));
  if (std::optional<std::vector<std::string_view>> names = read_archive_sources(archived_bytes_)) {
    archived_ = std::move(*names);
    if (!std::ranges::is_sorted(archived_)) std::ranges::sort(archived_);
    return;
  }
  tell(
      problems, "damaged",
      fmt::format("{} is an archive whose list of folded files, behind offset {}, is not whole; files of it that still "
                  "stand here are counted twice",
                  path_, used));
}

bool DbReader::has_archived(std::string_view name) const noexcept {
  return std::ranges::binary_search(archived_, name);
}

void DbReader::walk(SeriesSet& set, ReadBuffers& buffers, std::size_t used, std::vector<Problem>& problems) {
  const std::size_t there = std::min(used, size_);
  const bool keeps_values = walked_ == kDbHeaderSize && !reads_pairs();
  set.begin_file(name_.kind, name_.identity);
  if (cells_.empty()) expect(std::min(set.expected_keys(), used / kSmallEntry), keeps_values);
  std::size_t window_size = ReadBuffers::kWindow;
  for (;;) {
    const std::size_t length = std::min(window_size, there - std::min(there, walked_));
    const std::size_t before = walked_ % kLine;
    char* bytes = buffers.first(window_size + kLine);
    const std::size_t got = read_at(bytes, before + length, walked_ - before);
    const std::string_view window{bytes + before, got - std::min(got, before)};
    if (!layout_) {
      const LayoutVerdict verdict = judge_layout(window, walked_, used);
      if (verdict.keys > 0) layout_ = verdict.layout;
    }
    DbWalk walk{window, walked_, used, layout_.value_or(RecordLayout::value_timestamp)};
    const std::size_t began = walked_;
    for (DbEntry entry; walk.next(entry);) {
      if (!take(set, entry) || !keeps_values) continue;
      std::memcpy(&fresh_values_.emplace_back(), window.data() + (entry.value_offset - began), sizeof(double));
    }
    walked_ = walk.position();
    switch (walk.stop()) {
      case DbWalk::Stop::at_end:
        return;
      case DbWalk::Stop::at_window:
        // The window ends where the file does: `used` promises more than there is.
        if (began + window.size() >= there || window.size() < length) {
          return tell(problems, "truncated",
                      fmt::format("{} ends at {} bytes although {} are in use; entries up to offset {} are served",
                                  path_, size_, used, walked_));
        }
        // An entry longer than the window: one larger window, bounded by the longest key there may be.
        if (walked_ == began) window_size = entry_size(kMaxKeyLength, RecordLayout::value_timestamp);
        continue;
      case DbWalk::Stop::bad_length:
      case DbWalk::Stop::beyond_used:
        return tell_bad_length(walk.length(), used, problems);
    }
  }
}

/// Makes room for that many cells, and spaces witnesses so that few are taken only to be dropped again.
void DbReader::expect(std::size_t cells, bool keeps_values) {
  cells_.reserve(cells);
  if (keeps_values) fresh_values_.reserve(cells);
  witnesses_.reserve(std::min(cells, kWitnesses) + 1);
  stride_ = std::bit_ceil(std::max<std::size_t>(1, cells / kWitnesses));
}

void DbReader::tell_bad_length(std::int32_t length, std::size_t used, std::vector<Problem>& problems) const {
  if (entries_ == 0 || !layout_) {
    return tell(
        problems, "not_a_db_file",
        fmt::format("{} is not a multiprocess file: at offset {} stands the key length {}, which must be 1 to {} "
                    "and end before offset {}",
                    path_, walked_, length, kMaxKeyLength, used));
  }
  tell(
      problems, "damaged",
      fmt::format("{} is damaged at offset {}: the key length there is {}, which must be 1 to {} and end before offset "
                  "{}; entries before it are served",
                  path_, walked_, length, kMaxKeyLength, used));
}

/// False for an entry whose key is none.
bool DbReader::take(SeriesSet& set, const DbEntry& entry) {
  ++entries_;
  try {
    const std::uint32_t series = set.intern(entry.key);
    cells_.push_back({.value_at = static_cast<std::uint32_t>(entry.value_offset / 8), .series = series});
    set.add_reference(series);
    note_witness(entry, set.seed());
    return true;
  } catch (const FormatError& error) {
    refuse_key(entry, error.what());
    return false;
  }
}

void DbReader::refuse_key(const DbEntry& entry, std::string_view why) {
  if (key_problems_.size() >= kKeyProblems) {
    ++more_key_problems_;
    return;
  }
  tell(key_problems_, "bad_key",
       fmt::format(
           "{} has at offset {} a key that cannot be used: {} ({}); a key is the JSON of [metric name, sample name, "
           "labels, help]",
           path_, entry.offset, why, printable(entry.key)));
}

/// Every stride-th entry; when there are too many, every second of them goes and the stride doubles.
void DbReader::note_witness(const DbEntry& entry, HashSeed seed) {
  if ((cells_.size() & (stride_ - 1)) != 0) return;
  witnesses_.push_back({.key_at = static_cast<std::uint32_t>(entry.offset + 4),
                        .length = static_cast<std::uint32_t>(entry.key.size()),
                        .hash = hash_of(entry.key, seed)});
  if (witnesses_.size() <= kWitnesses) return;
  for (std::size_t i = 0; 2 * i + 1 < witnesses_.size(); ++i) witnesses_[i] = witnesses_[2 * i + 1];
  witnesses_.resize(witnesses_.size() / 2);
  stride_ *= 2;
}

}  // namespace weir
