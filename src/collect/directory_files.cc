#include "collect/directory_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "collect/open_directory.h"
#include "collect/permission_words.h"
#include "config/environment.h"
#include "format/archive_file.h"
#include "weir/error.h"

namespace weir {
namespace {

Problem cannot_list(const std::filesystem::path& directory, int error) {
  const bool is_unsettled = error == EBUSY;  // settled_names_in()
  return {.reason = error == ENOENT ? "no_directory" : "unreadable",
          .subject = directory.string(),
          .message = fmt::format("cannot list the multiprocess directory {}: {}{}", directory.string(),
                                 is_unsettled ? "its files go, or change their names, without end"
                                              : std::generic_category().message(error),
                                 permission_words(error, directory, "list and enter it (r-x)"))};
}

bool is_database_name(std::string_view name) noexcept { return name.ends_with(".db") && name.front() != '.'; }

/// Nothing with errno set where it cannot be read to its end: a part of it would be counters that fall.
std::optional<std::vector<std::string>> names_in(DIR* directory) {
  std::vector<std::string> names;
  rewinddir(directory);
  // Before each call: what a name's memory costs may set errno as well, and succeed.
  const auto next = [directory] { return errno = 0, readdir(directory); };
  while (const dirent* entry = next()) {
    if (is_database_name(entry->d_name)) names.emplace_back(entry->d_name);
  }
  if (errno != 0) return std::nullopt;
  std::sort(names.begin(), names.end());
  return names;
}

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec; }

std::int64_t now() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return nanoseconds(time);
}

/// Whether nothing came, went or changed its name since a moment before `time`. (Times of files have the kernel's tick,
/// of 10 ms at most.)
bool rests_since(DIR* directory, std::int64_t time) {
  constexpr std::int64_t kMoment = 50'000'000;
  struct stat found {};
  return fstat(dirfd(directory), &found) == 0 && nanoseconds(found.st_mtim) < time - kMoment;
}

/// A file whose name changes while a directory is listed may stand there under neither name (readdir(3)): it is listed
/// anew until nothing moved meanwhile, or nothing is gone that the listing before had. EBUSY where that takes too long.
std::optional<std::vector<std::string>> settled_names_in(DIR* directory) {
  constexpr std::chrono::seconds kPatience{1};
  std::optional<std::vector<std::string>> before;
  const auto end = std::chrono::steady_clock::now() + kPatience;
  do {
    const std::int64_t began = now();
    std::optional<std::vector<std::string>> names = names_in(directory);
    if (!names || rests_since(directory, began) || (before && std::ranges::includes(*names, *before))) return names;
    before = std::move(names);
  } while (std::chrono::steady_clock::now() < end);
  errno = EBUSY;
  return std::nullopt;
}

}  // namespace

std::vector<MergeFile> list_directory(const std::filesystem::path& directory, std::vector<Problem>& problems) {
  const OpenDirectory open = open_directory(directory);
  // Who may list it and not enter it could open none of its files: one problem, not one a file.
  if (open == nullptr || faccessat(AT_FDCWD, directory.c_str(), X_OK, AT_EACCESS) != 0) {
    problems.push_back(cannot_list(directory, errno));
    return {};
  }
  const std::optional<std::vector<std::string>> names = settled_names_in(open.get());
  if (!names) {
    problems.push_back(cannot_list(directory, errno));
    return {};
  }
  std::vector<MergeFile> files;
  files.reserve(names->size());
  const std::string before = directory.string() + "/";
  for (const std::string& name : *names) {
    if (std::optional<FileName> parsed = parse_file_name(name)) {
      files.push_back({.path = before + name, .name = std::move(*parsed)});
      continue;
    }
    problems.push_back(
        {.reason = "bad_name",
         .subject = before + name,
         .message = fmt::format("{}{} is not named like a multiprocess file, so it is left alone; names are "
                                "<type>_<pid>.db and gauge_<mode>_<pid>.db",
                                before, name)});
  }
  return files;
}

void add_archives(const std::filesystem::path& directory, std::vector<MergeFile>& files) {
  for (const FileKind kind : kArchiveKinds) {
    FileName name{kind, std::string(kArchiveIdentity)};
    MergeFile file{directory.string() + "/" + to_string(name), std::move(name)};
    const auto at = std::ranges::lower_bound(files, file.path, {}, &MergeFile::path);
    if (at == files.end() || at->path != file.path) files.insert(at, std::move(file));
  }
}

void leave_out_archived(std::vector<MergeFile>& files, std::vector<Problem>& problems) {
  std::set<std::string> archived;
  for (const MergeFile& file : files) {
    if (!is_archive_name(file.name)) continue;
    ReadBuffers buffers;
    SeriesSet set(false);
    DbReader reader(file.path, file.name);
    reader.sync(set, buffers, {.keep_open = false}, problems);
    archived.insert(reader.archived().begin(), reader.archived().end());
  }
  std::erase_if(files,
                [&](const MergeFile& file) { return archived.contains(file.path.substr(file.path.rfind('/') + 1)); });
}

std::filesystem::path directory_or_environment(std::filesystem::path directory, std::string_view wanted_by) {
  if (!directory.empty()) return directory;
  if (std::string named = environment::multiprocess_directory(); !named.empty()) return named;
  throw ConfigError(fmt::format(
      "{} needs a directory: pass one, or set PROMETHEUS_MULTIPROC_DIR to the directory the processes write to",
      wanted_by));
}

}  // namespace weir
