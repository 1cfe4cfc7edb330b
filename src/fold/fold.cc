#include "weir/fold.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "collect/directory_files.h"
#include "collect/file_entries.h"
#include "collect/open_directory.h"
#include "collect/permission_words.h"
#include "fold/archive_writer.h"
#include "fold/dead_files.h"
#include "fold/fold_plan.h"
#include "fold/fold_sums.h"
#include "format/archive_file.h"
#include "format/exemplar_record.h"
#include "weir/error.h"

namespace weir {
namespace {

/// The election: an flock(2) on the directory itself, which nobody can delete under its holder.
class DirectoryLock {
 public:
  explicit DirectoryLock(const std::filesystem::path& directory)
      : fd_(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (fd_ < 0) {
      throw StorageError(fmt::format("cannot fold {}: {}{}", directory.string(), std::generic_category().message(errno),
                                     permission_words(errno, directory, "read, write and enter it (rwx)")));
    }
    is_held_ = ::flock(fd_, LOCK_EX | LOCK_NB) == 0;
  }
  ~DirectoryLock() { ::close(fd_); }
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;
  bool is_held() const noexcept { return is_held_; }

 private:
  int fd_;
  bool is_held_ = false;
};

/// Problems of a file that was not even looked into: its values may be there the next time.
bool is_unread(const std::vector<Problem>& problems) {
  return std::ranges::any_of(problems, [](const Problem& problem) {
    return problem.reason == "unreadable" || problem.reason == "vanished" || problem.reason == "not_a_file";
  });
}

bool is_there(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::exists(path, error) || error;
}

/// Does what the plan says (fold_plan.h).
class Folder {
 public:
  Folder(std::filesystem::path directory, const FoldOptions& options)
      : directory_(std::move(directory)), options_(options) {}

  FoldReport run() {
    if (!options_.only_look) refuse_spool();
    std::vector<Problem> problems;
    const std::vector<MergeFile> files = list_directory(directory_, problems);
    for (const Problem& problem : problems) {
      if (problem.reason != "bad_name") throw StorageError(problem.message);
    }
    FoundFiles found = find_dead_files(files, options_.stock_files);
    report_.problems = std::move(found.problems);
    report_.live = found.live;
    report_.others = found.others;
    all_ = found.dead.size();
    if (options_.only_look) {
      report_.left = all_;
      return std::move(report_);
    }
    if (all_ > 0) refuse_unwritable();
    const FoldPlan plan = plan_fold(found, options_);
    report_.left = plan.left;
    for (const KindFiles& kind : plan.kinds) fold_kind(kind);
    for (const MergeFile& file : plan.ended_gauges) report_.removed += remove(file.path) ? 1 : 0;
    for (const MergeFile& file : plan.all_gauges) tend_all_gauge(file);
    drop_exemplars(files);
    return std::move(report_);
  }

 private:
  /// Before the first file: who may not write would fail at each.
  void refuse_unwritable() const {
    if (faccessat(AT_FDCWD, directory_.c_str(), W_OK, AT_EACCESS) == 0) return;
    throw StorageError(fmt::format("cannot fold {}: {}{}", directory_.string(), std::generic_category().message(errno),
                                   permission_words(errno, directory_, "write in it")));
  }

  /// What a spool holds is on its way into Redis, under the names of those who counted it (P11).
  void refuse_spool() const {
    const OpenDirectory listing = open_directory(directory_);
    while (const dirent* const entry = listing ? readdir(listing.get()) : nullptr) {
      if (!std::string_view(entry->d_name).ends_with(".claim")) continue;
      throw StorageError(
          fmt::format("cannot fold {}: it is a spool of Redis storage ({}); what is in it is shipped by the "
                      "next process that starts with these settings",
                      directory_.string(), entry->d_name));
    }
  }

  /// The folded files' values in `sums`, and what becomes of the files.
  struct Sources {
    std::vector<MergeFile> files;
    std::set<std::string> damaged;  ///< paths
  };

  void fold_kind(const KindFiles& dead) {
    const std::string identity(kArchiveIdentity);
    const MergeFile archive{(directory_ / to_string(FileName{dead.kind, identity})).string(), {dead.kind, identity}};
    FoldSums sums(dead.kind);
    std::vector<std::string> folded_before;
    if (!take_archive(archive, sums, folded_before)) return;
    const KindPlan plan = plan_kind(dead.files, folded_before, options_.least_sources);
    report_.left += plan.left;
    for (const MergeFile& file : plan.leftovers) clean_up_leftover(file);
    const Sources taken = take_sources(plan.sources, sums);
    if (taken.files.empty()) return;
    replace_file(archive.path, sums.archive(names_of_archive(folded_before, taken.files, [&](const std::string& name) {
      return is_there(directory_ / name);
    })));
    for (const MergeFile& file : taken.files) clean_up(file, taken.damaged.contains(file.path));
    report_.sources += taken.files.size();
    report_.entries += sums.series();
  }

  /// False when there is one that cannot be trusted: then its kind is left alone.
  bool take_archive(const MergeFile& archive, FoldSums& sums, std::vector<std::string>& folded_before) {
    if (!is_there(archive.path)) return true;
    ReadBuffers buffers;
    SeriesSet set(false);
    DbReader reader(archive.path, archive.name);
    std::vector<Problem> problems;
    reader.sync(set, buffers, {.keep_open = false}, problems);
    if (problems.empty()) {
      folded_before.assign(reader.archived().begin(), reader.archived().end());
      sums.take(read_file_entries(archive, problems));
    }
    if (problems.empty()) return true;
    report_.problems.insert(report_.problems.end(), problems.begin(), problems.end());
    report_.problems.push_back(
        {"archive", archive.path, fmt::format("{} cannot be read whole, so nothing is folded into it", archive.path)});
    return false;
  }

  /// Names change first, all of them: a reader who meets some that went lists anew, and must find an end of it.
  Sources take_sources(const std::vector<DeadFile>& dead, FoldSums& sums) {
    Sources taken;
    std::vector<std::optional<MergeFile>> sources;
    sources.reserve(dead.size());
    for (const DeadFile& file : dead) {
      sources.push_back(file.written_by == WriterKind::weir ? file.file : take_stock_file(file.file));
    }
    for (std::optional<MergeFile>& source : sources) {
      tell_progress();
      std::vector<Problem> problems;
      FileContent content;
      if (source) content = read_file_entries(*source, problems);
      report_.problems.insert(report_.problems.end(), problems.begin(), problems.end());
      if (!source || content.writer_lives || is_unread(problems)) {
        ++report_.left;
        continue;
      }
      sums.take(content);
      if (!problems.empty()) taken.damaged.insert(source->path);
      taken.files.push_back(std::move(*source));
    }
    return taken;
  }

  /// Whether it is damaged was known to the fold that was killed: look again.
  void clean_up_leftover(const MergeFile& file) {
    std::vector<Problem> problems;
    read_file_entries(file, problems);
    if (is_unread(problems)) return;
    report_.problems.insert(report_.problems.end(), problems.begin(), problems.end());
    clean_up(file, !problems.empty());
  }

  /// Of a file the archive holds. A damaged one is set aside: there may be more in it than could be read.
  void clean_up(const MergeFile& file, bool is_damaged) {
    if (!is_damaged) {
      remove(file.path);
      return;
    }
    std::error_code error;
    std::filesystem::rename(file.path, file.path + ".damaged", error);
    if (error) {
      tell_unremovable(file.path, "set aside", error);
    } else {
      ++report_.set_aside;
    }
  }

  void tend_all_gauge(const MergeFile& file) {
    const auto now = std::chrono::system_clock::now();
    const AllGauge what = plan_all_gauge(dead_since(file.path), now, options_.keep_all);
    if (what == AllGauge::goes && remove(file.path)) {
      ++report_.removed;
      return;
    }
    if (what == AllGauge::waits_anew) begin_anew(file.path, now);
    ++report_.left;
  }

  /// Sidecars of writers none of whose files stand here any more.
  void drop_exemplars(const std::vector<MergeFile>& files) {
    std::error_code error;
    for (const std::string& writer : writers_gone(files, [](const std::string& path) { return is_there(path); })) {
      std::filesystem::remove(
          directory_ / (std::string(kExemplarFilePrefix) + writer + std::string(kExemplarFileSuffix)), error);
    }
  }

  bool remove(const std::filesystem::path& path) {
    std::error_code error;
    const bool is_gone = std::filesystem::remove(path, error);
    if (error) tell_unremovable(path, "remove", error);
    return is_gone;
  }

  void tell_unremovable(const std::filesystem::path& path, std::string_view what, const std::error_code& error) {
    report_.problems.push_back({"unremovable", path.string(),
                                fmt::format("cannot {} {}: {}; readers of Weir leave it out all the same", what,
                                            path.string(), error.message())});
  }

  void tell_progress() {
    if (options_.progress) options_.progress(done_, all_);
    ++done_;
  }

  const std::filesystem::path directory_;
  const FoldOptions& options_;
  FoldReport report_;
  std::size_t done_ = 0;
  std::size_t all_ = 0;
};

}  // namespace

FoldReport fold_directory(const std::filesystem::path& directory, const FoldOptions& options) {
  if (options.only_look) return Folder(directory, options).run();  // keeps nobody from folding
  const DirectoryLock lock(directory);
  if (lock.is_held()) return Folder(directory, options).run();
  FoldReport busy;
  busy.is_busy = true;
  return busy;
}

}  // namespace weir
