#include "weir/fold.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "collect/directory_files.h"
#include "collect/file_entries.h"
#include "collect/open_directory.h"
#include "fold/archive_writer.h"
#include "fold/dead_files.h"
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
      throw StorageError(fmt::format("cannot fold {}: {}", directory.string(), std::generic_category().message(errno)));
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

std::string name_of(const MergeFile& file) { return file.path.substr(file.path.rfind('/') + 1); }

class Folder {
 public:
  Folder(std::filesystem::path directory, const FoldOptions& options)
      : directory_(std::move(directory)), options_(options) {}

  FoldReport run() {
    refuse_spool();
    std::vector<Problem> problems;
    const std::vector<MergeFile> files = list_directory(directory_, problems);
    for (const Problem& problem : problems) {
      if (problem.reason != "bad_name") throw StorageError(problem.message);
    }
    const FoundFiles found = find_dead_files(files, options_.stock_files);
    report_.live = found.live;
    report_.others = found.others;
    if (found.others > 0 && options_.only_among_weir) {
      report_.left = found.dead.size();
      return std::move(report_);
    }
    const std::vector<DeadFile>& dead = found.dead;
    all_ = dead.size();
    for (const FileKind kind : kArchiveKinds) fold_kind(kind, dead);
    for (const DeadFile& file : dead) {
      if (file.file.name.kind.type == MetricType::gauge && file.written_by == WriterKind::weir) drop_gauge(file.file);
    }
    drop_exemplars(files);
    return std::move(report_);
  }

 private:
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

  void fold_kind(FileKind kind, const std::vector<DeadFile>& dead) {
    const MergeFile archive{(directory_ / to_string(FileName{kind, std::string(kArchiveIdentity)})).string(),
                            {kind, std::string(kArchiveIdentity)}};
    FoldSums sums(kind);
    std::vector<std::string> folded_before;
    if (!take_archive(archive, sums, folded_before)) return;
    std::vector<DeadFile> sources;
    for (const DeadFile& file : dead) {
      if (file.file.name.kind != kind) continue;
      if (std::ranges::find(folded_before, name_of(file.file)) == folded_before.end()) {
        sources.push_back(file);
      } else {
        remove(file.file.path);  // a fold was killed between its commit and its clean-up
      }
    }
    if (sources.empty() || sources.size() < options_.least_sources) {
      report_.left += sources.size();
      return;
    }
    const Sources taken = take_sources(sources, sums);
    if (taken.files.empty()) return;
    std::vector<std::string> names = still_there(std::move(folded_before));
    for (const MergeFile& file : taken.files) names.push_back(name_of(file));
    replace_file(archive.path, sums.archive(names));
    clean_up(taken);
    report_.sources += taken.files.size();
    report_.entries += sums.series();
  }

  /// Of folded files, those that could not be removed, or are not known to be dead this time: unless the new archive
  /// names them too, they count again.
  std::vector<std::string> still_there(std::vector<std::string> names) const {
    std::error_code error;
    std::erase_if(
        names, [&](const std::string& name) { return !std::filesystem::exists(directory_ / name, error) && !error; });
    return names;
  }

  /// False when there is one that cannot be trusted: then its kind is left alone.
  bool take_archive(const MergeFile& archive, FoldSums& sums, std::vector<std::string>& folded_before) {
    std::error_code error;
    if (!std::filesystem::exists(archive.path, error) && !error) return true;
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

  Sources take_sources(const std::vector<DeadFile>& dead, FoldSums& sums) {
    Sources taken;
    for (const DeadFile& file : dead) {
      tell_progress();
      std::optional<MergeFile> source = file.file;
      if (file.written_by == WriterKind::stock) source = take_stock_file(file.file);
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

  void clean_up(const Sources& taken) {
    for (const MergeFile& file : taken.files) {
      if (!taken.damaged.contains(file.path)) {
        remove(file.path);
        continue;
      }
      std::error_code error;
      std::filesystem::rename(file.path, file.path + ".damaged", error);
      ++report_.set_aside;
      if (error) remove(file.path);
    }
  }

  void drop_gauge(const MergeFile& file) {
    if (is_live(file.name.kind.mode)) {
      report_.removed += remove(file.path) ? 1 : 0;
      return;
    }
    if (file.name.kind.mode != GaugeMode::all) return;
    const auto since = dead_since(file.path);
    const bool is_over =
        options_.keep_all.count() > 0 && since && std::chrono::system_clock::now() - *since > options_.keep_all;
    if (is_over && remove(file.path)) {
      ++report_.removed;
    } else {
      ++report_.left;
    }
  }

  /// Sidecars of writers none of whose files stand here any more.
  void drop_exemplars(const std::vector<MergeFile>& files) {
    std::set<std::string> gone;
    std::error_code error;
    for (const MergeFile& file : files) {
      if (!std::filesystem::exists(file.path, error)) gone.insert(file.name.identity);
    }
    for (const MergeFile& file : files) {
      if (std::filesystem::exists(file.path, error)) gone.erase(file.name.identity);
    }
    for (const std::string& identity : gone) {
      std::filesystem::remove(
          directory_ / (std::string(kExemplarFilePrefix) + identity + std::string(kExemplarFileSuffix)), error);
    }
  }

  bool remove(const std::filesystem::path& path) {
    std::error_code error;
    const bool is_gone = std::filesystem::remove(path, error);
    if (error) {
      report_.problems.push_back({"unremovable", path.string(),
                                  fmt::format("cannot remove {}: {}; readers of Weir leave it out all the same",
                                              path.string(), error.message())});
    }
    return is_gone;
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
  const DirectoryLock lock(directory);
  if (lock.is_held()) return Folder(directory, options).run();
  FoldReport busy;
  busy.is_busy = true;
  return busy;
}

}  // namespace weir
