#include "collect/file_merge.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "format/archive_file.h"

namespace weir {
namespace {

/// How often a collection is begun anew because files were replaced under it.
constexpr int kAttempts = 4;
constexpr std::size_t kMostOpen = 8192;

/// Half of what this process may open: the other half is the program's.
std::size_t descriptors_to_keep() noexcept {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256;
  return std::min<std::size_t>(kMostOpen, static_cast<std::size_t>(limit.rlim_cur) / 2);
}

std::string kind_words(const FamilyRecord& family) {
  if (family.kind.type != MetricType::gauge) return std::string{to_string(family.kind.type)};
  return fmt::format("gauge (mode {})", to_string(family.kind.mode));
}

/// Whether one of the archives holds what was in that file.
bool holds(const std::vector<const DbReader*>& archives, const DbReader& reader) {
  const std::string_view path = reader.path();
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return std::ranges::any_of(archives, [name](const DbReader* archive) { return archive->has_archived(name); });
}

}  // namespace

FileMerge::FileMerge(MergeOptions options)
    : options_(options),
      most_open_(options.keep_open ? descriptors_to_keep() : 0),
      set_(std::make_unique<SeriesSet>(options.accumulate)) {}

std::shared_ptr<Collection> FileMerge::collect(std::span<const MergeFile> files, const std::vector<Problem>& problems,
                                               bool take_stale) {
  auto collection = std::make_shared<Collection>();
  match_readers(files);
  for (int attempt = 1;; ++attempt) {
    collection->problems = problems;
    if (!sync(collection->problems) && !take_stale) {
      statistics_.series = 0;
      return nullptr;
    }
    if (set_->changed()) settle();
    if (read(collection->problems) || attempt == kAttempts) break;
  }
  const auto lacking = std::ranges::find_if(readers_, [](const auto& reader) { return reader->lacks_resources(); });
  if (lacking != readers_.end()) return nothing_without((*lacking)->path(), std::move(collection->problems));
  collection->problems.insert(collection->problems.end(), clash_problems_.begin(), clash_problems_.end());
  collection->snapshot.table = set_->plan().table;
  collection->snapshot.values = sums_.finish(set_->plan());
  statistics_.series = collection->snapshot.values.size();
  return collection;
}

/// This process lacks descriptors or memory, nothing is wrong with the file: without it counters would fall, and a gap
/// is harmless.
std::shared_ptr<Collection> FileMerge::nothing_without(const std::string& path, std::vector<Problem> problems) {
  auto nothing = std::make_shared<Collection>();
  nothing->problems = std::move(problems);
  nothing->problems.push_back({.reason = "unreadable",
                               .subject = path,
                               .message = fmt::format("{} could not be opened for want of descriptors or memory, so "
                                                      "nothing is shown: without it counters would fall; raise the "
                                                      "limit of open files (ulimit -n, LimitNOFILE=)",
                                                      path)});
  statistics_.series = 0;
  return nothing;
}

/// Both lists are sorted by path: readers of files that are still there stay, the others give back what they hold.
void FileMerge::match_readers(std::span<const MergeFile> files) {
  std::vector<std::unique_ptr<DbReader>> matched;
  matched.reserve(files.size());
  auto old = readers_.begin();
  bool some_went = false;
  const auto let_go = [&] {
    (*old++)->forget(*set_);
    some_went = true;
  };
  for (const MergeFile& file : files) {
    while (old != readers_.end() && (*old)->path() < file.path) let_go();
    if (old != readers_.end() && (*old)->path() == file.path) {
      matched.push_back(std::move(*old++));
    } else {
      matched.push_back(std::make_unique<DbReader>(file.path, file.name));
    }
  }
  while (old != readers_.end()) let_go();
  readers_ = std::move(matched);
  if (some_went && set_->helps_differ()) start_over();
}

/// Which of several help texts is shown depends on who is still there, and keys do not say whose they are: read all
/// anew.
void FileMerge::start_over() {
  for (const auto& reader : readers_) reader->forget(*set_);
  set_ = std::make_unique<SeriesSet>(options_.accumulate);
  clash_problems_.clear();
}

/// Archives first: what is not in them then is in files that are still to be opened, or in one that has gone. False for
/// that: list anew.
bool FileMerge::sync(std::vector<Problem>& problems) {
  statistics_.files = readers_.size();
  statistics_.files_skipped = 0;
  statistics_.entries = 0;
  for (const bool archives : {true, false}) {
    for (std::size_t i = 0; i < readers_.size(); ++i) {
      const DbReader& reader = *readers_[i];
      if (is_archive_name(reader.name()) != archives) continue;
      const bool is_served = sync_one(i, problems);
      if (archives && reader.vanished()) {
        --statistics_.files;  // there is none
      } else if (!is_served) {
        ++statistics_.files_skipped;
      }
    }
  }
  leave_out_archived();
  for (const auto& reader : readers_) statistics_.entries += reader->cells().size();
  return !lost_any(problems);
}

std::vector<const DbReader*> FileMerge::archives_with_sources() const {
  std::vector<const DbReader*> archives;
  for (const auto& reader : readers_) {
    if (!reader->archived().empty()) archives.push_back(reader.get());
  }
  return archives;
}

/// Whether a file went after it was listed, and with it values that no archive read here holds. What an archive holds
/// is no problem; a link that leads nowhere is one, and does so each time.
bool FileMerge::lost_any(std::vector<Problem>& problems) const {
  const std::vector<const DbReader*> archives = archives_with_sources();
  std::set<std::string_view> held;
  bool is_lost = false;
  for (const auto& reader : readers_) {
    if (!reader->vanished() || reader->may_vanish()) continue;
    struct stat link {};
    if (holds(archives, *reader)) {
      held.insert(reader->path());
    } else if (lstat(reader->path().c_str(), &link) != 0 || !S_ISLNK(link.st_mode)) {
      is_lost = true;
    }
  }
  if (!held.empty()) std::erase_if(problems, [&](const Problem& problem) { return held.contains(problem.subject); });
  return is_lost;
}

/// Files an archive holds already: a fold that runs, or was killed, has not removed them.
void FileMerge::leave_out_archived() {
  const std::vector<const DbReader*> archives = archives_with_sources();
  if (archives.empty()) return;
  for (const auto& reader : readers_) {
    if (!holds(archives, *reader)) continue;
    reader->forget(*set_);
    reader->close();
    if (!reader->vanished()) ++statistics_.files_skipped;  // else sync() counted it
  }
}

bool FileMerge::sync_one(std::size_t index, std::vector<Problem>& problems) {
  const auto attempt = [&] {
    const ReadPolicy policy{.keep_open = index < most_open_, .leave_out_dead = options_.leave_out_dead};
    return readers_[index]->sync(*set_, buffers_, policy, problems);
  };
  const std::size_t before = problems.size();
  if (attempt()) return true;
  if (!readers_[index]->lacks_resources() || most_open_ == 0) return false;
  // The program needs its descriptors itself: from now on each file is open only while it is being read.
  most_open_ = 0;
  for (const auto& reader : readers_) reader->close();
  problems.resize(before);
  return attempt();
}

void FileMerge::settle() {
  const std::vector<std::uint32_t> renumbered = set_->settle();
  for (const auto& reader : readers_) reader->renumber(renumbered);
  clash_problems_.clear();
  for (const NameClash& clash : set_->plan().clashes) clash_problems_.push_back(describe(clash));
}

/// False when some file was no longer what sync() had seen.
bool FileMerge::read(std::vector<Problem>& problems) {
  sums_.begin(set_->plan());
  bool all_same = true;
  statistics_.bytes = 0;
  for (const auto& reader : readers_) {
    if (!reader->read(sums_, buffers_, *set_, problems)) {
      reader->forget(*set_);
      all_same = false;
    }
    statistics_.bytes += reader->bytes_read();
  }
  return all_same;
}

std::string FileMerge::file_of(std::uint32_t family) const {
  for (const auto& reader : readers_) {
    for (const CellPlace& cell : reader->cells()) {
      if (set_->series(cell.series).family == family) return reader->path();
    }
  }
  return {};
}

Problem FileMerge::describe(const NameClash& clash) const {
  const FamilyRecord& keeps = set_->family(clash.keeps);
  const FamilyRecord& renamed = set_->family(clash.renamed);
  const bool is_mode = keeps.kind.type == renamed.kind.type && keeps.name == renamed.name;
  const std::string file = file_of(clash.renamed);
  return {.reason = is_mode ? "mode_conflict" : "type_conflict",
          .subject = file,
          .message =
              fmt::format("{} declares {} as {}, but {} declares {} as {}; the first is shown as {}: give one of them "
                          "another name",
                          file, renamed.name, kind_words(renamed), file_of(clash.keeps), keeps.name, kind_words(keeps),
                          clash.shown)};
}

}  // namespace weir
