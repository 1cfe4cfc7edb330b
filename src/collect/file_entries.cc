#include "collect/file_entries.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <memory>
#include <optional>
#include <unordered_map>

#include "collect/liveness.h"
#include "collect/merge_rule.h"
#include "collect/merged_entry.h"
#include "format/db_walk.h"
#include "format/json_key.h"
#include "model/series_text.h"
#include "weir/error.h"

namespace weir {
namespace {

/// Holds the longest entry with room to spare.
constexpr std::size_t kWindow = 2 * kMaxKeyLength;

std::size_t read_at(int fd, char* to, std::size_t length, std::size_t offset) {
  std::size_t done = 0;
  while (done < length) {
    const ssize_t got = ::pread(fd, to + done, length - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

/// A NaN that no program can have counted, as merging refuses it.
bool is_refused(FileKind kind, const MetricKey& key, double value) {
  if (!std::isnan(value) || kind.type == MetricType::gauge) return false;
  return kind.type == MetricType::counter || key.sample_name.ends_with("_bucket") ||
         key.sample_name.ends_with("_count");
}

class FileContentReader {
 public:
  /// `metric_name` empty: every entry.
  FileContentReader(const MergeFile& file, int fd, std::vector<Problem>& problems, std::string_view metric_name = {})
      : file_(file),
        fd_(fd),
        rule_(merge_rule(file.name.kind.type, file.name.kind.mode)),
        metric_name_(metric_name),
        problems_(problems) {}

  FileContent read() {
    FileContent content;
    alignas(8) char bytes[kDbHeaderSize];
    if (read_at(fd_, bytes, sizeof bytes, 0) < sizeof bytes) return content;
    const DbHeader header = read_db_header(bytes);
    content.writer_lives = header.mark == kWeirMark && writer_liveness(fd_, file_.name.identity) == Liveness::alive;
    walk(header.used > 0 ? static_cast<std::size_t>(header.used) : 0);
    content.entries = std::move(entries_);
    for (std::size_t i = 0; i < content.entries.size(); ++i) merged_[i].give(rule_, kMostRests, content.entries[i]);
    return content;
  }

 private:
  void walk(std::size_t used) {
    std::string window;
    for (std::size_t at = kDbHeaderSize; at < used;) {
      window.resize(std::min(kWindow, used - at));
      window.resize(read_at(fd_, window.data(), window.size(), at));
      if (!layout_) {
        const LayoutVerdict verdict = judge_layout(window, at, used);
        if (verdict.keys == 0) return;
        layout_ = verdict.layout;
      }
      DbWalk walk(window, at, used, *layout_);
      for (DbEntry entry; walk.next(entry);) take(entry, window.data() + (entry.value_offset - at));
      if (walk.stop() != DbWalk::Stop::at_window || walk.position() == at) return;
      at = walk.position();
    }
  }

  CellPair pair_at(const char* bytes, std::size_t offset) {
    const std::size_t size = values_size(*layout_);
    CellPair pair;
    std::memcpy(&pair, bytes, size);
    if (rule_ != MergeRule::most_recent || size < sizeof pair) return pair;
    // A writer may store between our reading the one and the other: two equal looks in a row are not torn.
    for (int attempt = 0; attempt < kPairAttempts; ++attempt) {
      CellPair look;
      if (read_at(fd_, reinterpret_cast<char*>(&look), sizeof look, offset) < sizeof look) break;
      if (std::memcmp(&pair, &look, sizeof look) == 0) break;
      pair = look;
    }
    return pair;
  }

  /// False only for a key that certainly names another metric: spelled as json.dumps does, with plain letters.
  bool may_be_wanted(std::string_view json) const {
    if (metric_name_.empty() || !json.starts_with("[\"")) return true;
    const std::string_view name = json.substr(2, json.find('"', 2) - 2);
    return name == metric_name_ || name.find('\\') != std::string_view::npos;
  }

  void take(const DbEntry& entry, const char* bytes) {
    if (!may_be_wanted(entry.key)) return;
    try {
      parser_.parse(entry.key, key_);
    } catch (const FormatError&) {
      return;  // told by DbReader
    }
    if (!metric_name_.empty() && key_.metric_name != metric_name_) return;
    const CellPair pair = pair_at(bytes, entry.value_offset);
    if (is_refused(file_.name.kind, key_, pair.value)) {
      problems_.push_back({.reason = "nan_value",
                           .subject = file_.path,
                           .message = fmt::format("{} has at offset {} the value NaN for {}; a count is a number, so "
                                                  "it is left out",
                                                  file_.path, entry.value_offset, key_.sample_name)});
      return;
    }
    std::string json = json_key(key_.metric_name, key_.sample_name, key_.labels, key_.help);
    const auto [found, is_new] = numbers_.try_emplace(std::move(json), entries_.size());
    if (is_new) {
      FileEntry& made = entries_.emplace_back();
      made.key = found->first;
      append_series_text(made.series, key_.sample_name, key_.labels);
      merged_.emplace_back();
    }
    merged_[found->second].take(rule_, pair);
  }

  const MergeFile& file_;
  const int fd_;
  const MergeRule rule_;
  const std::string_view metric_name_;
  std::vector<Problem>& problems_;
  std::optional<RecordLayout> layout_;
  KeyParser parser_;
  MetricKey key_;
  std::vector<FileEntry> entries_;
  std::vector<MergedEntry> merged_;                       // of entries_
  std::unordered_map<std::string, std::size_t> numbers_;  // by key
};

int open_to_read(const std::string& path) { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); }

}  // namespace

FileContent read_file_entries(const MergeFile& file, std::vector<Problem>& problems) {
  // The collector's own reader says what is wrong with the file, in its words.
  ReadBuffers buffers;
  SeriesSet set(false);
  DbReader reader(file.path, file.name);
  if (!reader.sync(set, buffers, {.keep_open = false, .leave_out_dead = false}, problems)) return {};
  const int fd = open_to_read(file.path);
  if (fd < 0) return {};  // gone this very moment
  FileContent content = FileContentReader(file, fd, problems).read();
  ::close(fd);
  return content;
}

std::vector<FileEntry> read_metric_entries(const MergeFile& file, std::string_view metric_name) {
  const int fd = open_to_read(file.path);
  if (fd < 0) return {};
  std::vector<Problem> told_by_collections;
  FileContent content = FileContentReader(file, fd, told_by_collections, metric_name).read();
  ::close(fd);
  return std::move(content.entries);
}

}  // namespace weir
