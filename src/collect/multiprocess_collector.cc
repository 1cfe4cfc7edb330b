#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>

#include "collect/directory_files.h"
#include "collect/exemplars.h"
#include "collect/file_merge.h"
#include "collect/shared_collection.h"
#include "weir/multiprocess.h"

namespace weir {
namespace {

/// How long a directory is listed again and again because files go meanwhile. A folder takes its files over and removes
/// them in bursts: one more listing is enough, after thousands of files some. The last listing may take a second more.
constexpr std::chrono::seconds kPatience{1};

/// A part of the files would be counters that fall; a gap is harmless.
std::shared_ptr<Collection> nothing_of(const std::filesystem::path& directory) {
  auto nothing = std::make_shared<Collection>();
  nothing->problems.push_back(
      {.reason = "vanished",
       .subject = directory.string(),
       .message = fmt::format("files of {} went while they were read, again and again: nothing is shown, "
                              "the next scrape reads them anew",
                              directory.string())});
  return nothing;
}

}  // namespace

struct MultiProcessCollector::Impl {
  explicit Impl(std::filesystem::path where) : directory(std::move(where)) {}

  std::shared_ptr<const Collection> collect() {
    const auto began = std::chrono::steady_clock::now();
    std::size_t foreign = 0;
    std::shared_ptr<Collection> collection;
    while (collection == nullptr) {
      std::vector<Problem> problems;
      std::vector<MergeFile> files = list_directory(directory, problems);
      foreign = static_cast<std::size_t>(
          std::ranges::count_if(problems, [](const Problem& problem) { return problem.reason == "bad_name"; }));
      const bool is_listed = foreign == problems.size();
      if (is_listed) add_archives(directory, files);
      collection = merge.collect(files, problems, false);
      if (collection == nullptr && std::chrono::steady_clock::now() - began > kPatience) {
        collection = nothing_of(directory);
      }
    }
    collection->snapshot.exemplars = exemplars.read(directory, collection->snapshot.table, collection->problems);
    const std::scoped_lock lock{statistics_mutex};
    const std::uint64_t collections = statistics.collections + 1;
    statistics = merge.statistics();
    statistics.files += foreign;
    statistics.files_skipped += foreign;
    statistics.collections = collections;
    statistics.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    return collection;
  }

  const std::filesystem::path directory;
  FileMerge merge{{.accumulate = true, .leave_out_dead = true, .keep_open = true}};  // used by one collection at a time
  DirectoryExemplars exemplars;                                                      // likewise
  SharedCollection shared{[this] { return collect(); }};
  mutable std::mutex statistics_mutex;
  Statistics statistics;  // guarded by statistics_mutex
};

MultiProcessCollector::MultiProcessCollector(std::filesystem::path directory)
    : impl_(std::make_unique<Impl>(directory_or_environment(std::move(directory), "a multiprocess collector"))) {}

MultiProcessCollector::~MultiProcessCollector() = default;

std::shared_ptr<const Collection> MultiProcessCollector::collect() { return impl_->shared.collect(); }

std::string MultiProcessCollector::describe() const { return fmt::format("directory {}", impl_->directory.string()); }

MultiProcessCollector::Statistics MultiProcessCollector::statistics() const {
  const std::scoped_lock lock{impl_->statistics_mutex};
  return impl_->statistics;
}

}  // namespace weir
