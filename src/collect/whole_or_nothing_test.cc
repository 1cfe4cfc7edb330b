// A collection is whole or shows nothing: while names change, and while there are no descriptors.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <set>
#include <thread>

#include "collect/db_file_for_test.h"
#include "collect/directory_files.h"

namespace weir {
namespace {

using for_test::DbBytes;
using for_test::key;
using for_test::lines;
using for_test::TemporaryDirectory;
using testing::ElementsAre;
using testing::IsEmpty;

DbBytes one_count() { return std::move(DbBytes{}.entry(key("c", "c_total"), 1)); }

// Not in the sanitizers' build, which has both of them at once: UndefinedBehaviorSanitizer needs a pipe to look at an
// object's type, and without descriptors it calls good objects bad.
#if !defined(__SANITIZE_ADDRESS__)
/// Takes every descriptor there is and gives them back, again and again: many clients of a small exporter.
class DescriptorHog {
 public:
  DescriptorHog() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit few{40, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
    thread_ = std::thread([this] { run(); });
  }
  ~DescriptorHog() {
    stops_ = true;
    thread_.join();
    setrlimit(RLIMIT_NOFILE, &before_);
  }

 private:
  void run() {
    std::vector<int> held;
    while (!stops_) {
      const int more = dup(STDIN_FILENO);
      if (more >= 0) held.push_back(more);
      if (more >= 0 || ++refusals_ % 64 != 0) continue;
      for (; held.size() > 8; held.pop_back()) close(held.back());
    }
    for (const int fd : held) close(fd);
  }
  rlimit before_{};
  std::atomic<bool> stops_{false};
  unsigned refusals_ = 0;
  std::thread thread_;
};

TEST(MultiProcessCollector, WithoutDescriptorsNothingIsShownAndNeverAPart) {
  const TemporaryDirectory directory;
  for (int i = 0; i < 30; ++i) directory.write("counter_" + std::to_string(i) + ".db", one_count());
  std::size_t nothing = 0;
  const DescriptorHog hog;
  for (int i = 0; i < 300; ++i) {
    MultiProcessCollector collector{directory.path()};
    const auto collection = collector.collect();
    nothing += collection->snapshot.values.empty() ? 1 : 0;
    if (collection->snapshot.values.empty()) {
      ASSERT_FALSE(collection->problems.empty());
    } else {
      ASSERT_THAT(lines(*collection), ElementsAre("c_total 30")) << "a counter fell";
    }
  }
  EXPECT_GT(nothing, 0U) << "descriptors never ran out";
}
#endif

/// Gives every file of a directory another name and the old one again, as a fold takes over thousands of files.
class Renamer {
 public:
  Renamer(const TemporaryDirectory& directory, int files, int rounds) {
    for (int file = 0; file < files; ++file) directory.write("counter_" + std::to_string(file) + ".db", one_count());
    thread_ = std::thread([this, path = directory.path().string(), files, rounds] {
      for (int round = 0; round < rounds; ++round) {
        for (int file = 0; file < files; ++file) {
          const std::string name = path + "/counter_" + std::to_string(file);
          const std::string names[2] = {name + ".db", name + "-0.db"};
          std::rename(names[round % 2].c_str(), names[1 - round % 2].c_str());
        }
        std::this_thread::yield();
      }
      is_done_ = true;
    });
  }
  ~Renamer() { thread_.join(); }
  bool is_done() const { return is_done_; }

 private:
  std::atomic<bool> is_done_{false};
  std::thread thread_;
};

TEST(MultiProcessCollector, IsNeverShortOfFilesWhoseNamesChangeMeanwhile) {
  const TemporaryDirectory directory;
  MultiProcessCollector collector{directory.path()};
  const Renamer renamer(directory, 400, 10);
  while (!renamer.is_done()) {
    const auto collection = collector.collect();
    if (!collection->snapshot.values.empty()) {
      EXPECT_THAT(lines(*collection), ElementsAre("c_total 400"));
    }
  }
  EXPECT_THAT(collector.collect()->problems, IsEmpty());
}

TEST(MultiProcessCollector, ListsEveryFileWhoseNameChangesMeanwhile) {
  const TemporaryDirectory directory;
  const Renamer renamer(directory, 1200, 4);
  while (!renamer.is_done()) {
    std::vector<Problem> problems;
    std::set<std::string> writers;
    for (const MergeFile& file : list_directory(directory.path(), problems)) {
      writers.insert(file.name.identity.substr(0, file.name.identity.find('-')));
    }
    if (problems.empty()) {
      EXPECT_EQ(writers.size(), 1200U);
    }
  }
  std::vector<Problem> problems;
  EXPECT_EQ(list_directory(directory.path(), problems).size(), 1200U);
  EXPECT_THAT(problems, IsEmpty()) << "at rest it is listed";
}

}  // namespace
}  // namespace weir
