// A multiprocess directory of many stock files with known content, whose every value can be changed and whose truth is
// known.
//
//   Directory directory({.path = "/dev/shm/x", .files = 64, .entries = 2000, .distinct = false});
//   directory.change_values(round);   directory.truth();        // the value of each series, by number
//
// Files are counters as prometheus_client writes them, one a process; the same series in each, or all distinct.
// Removed when it ends. Thread safety: one thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace weir::bench {

struct DirectoryOptions {
  std::filesystem::path path;
  std::size_t files = 64;
  std::size_t entries = 2000;
  bool distinct = false;
};

class Directory {
 public:
  explicit Directory(DirectoryOptions options);
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  /// Sets every value in every file.
  void change_values(std::size_t round);
  /// The merged value of each series.
  const std::vector<double>& truth() const noexcept { return truth_; }
  /// The text of each series: `name{…}`.
  const std::vector<std::string>& series() const noexcept { return series_; }
  const std::filesystem::path& path() const noexcept { return options_.path; }
  /// Number of the series that entry `entry` of file `file` counts for.
  std::size_t series_of(std::size_t file, std::size_t entry) const noexcept {
    return options_.distinct ? file * options_.entries + entry : entry;
  }

  struct File {
    std::filesystem::path path;
    int descriptor = -1;
    std::string bytes;
    std::vector<std::size_t> values;  ///< offsets
  };
  const std::vector<File>& files() const noexcept { return files_; }

 private:
  void make_file(std::size_t index);

  DirectoryOptions options_;
  std::vector<File> files_;
  std::vector<std::string> series_;
  std::vector<double> truth_;
};

}  // namespace weir::bench
