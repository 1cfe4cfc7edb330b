#include "storage/file_storage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <thread>

#include "format/db_file.h"
#include "format/exemplar_record.h"
#include "storage/cell_space.h"
#include "storage/group_for_test.h"
#include "weir/error.h"

namespace weir {
namespace {

using testing::ElementsAre;
using testing::MatchesRegex;
using testing::UnorderedElementsAre;

// Entries of every file in the directory by key, as stock readers see them: duplicates added up.
std::map<std::string, double> totals(const TestDirectory& directory, std::size_t values = 16) {
  std::map<std::string, double> sums;
  for (const std::string& name : directory.names()) {
    const std::string bytes = bytes_of(directory.path() / name);
    std::uint32_t used = 0;
    std::memcpy(&used, bytes.data(), 4);
    for (std::size_t at = kDbHeaderSize; at < used;) {
      std::int32_t length = 0;
      std::memcpy(&length, bytes.data() + at, 4);
      std::string key = bytes.substr(at + 4, static_cast<std::size_t>(length));
      key.erase(key.find_last_not_of(' ') + 1);
      double value = 0;
      std::memcpy(&value, bytes.data() + at + value_offset(static_cast<std::size_t>(length)), 8);
      sums[key] += value;
      at += value_offset(static_cast<std::size_t>(length)) + values;
    }
  }
  return sums;
}

std::string key(const std::string& name) { return "[\"" + name + "\", \"" + name + "\", {}, \"h\"]"; }
std::string pid() { return std::to_string(::getpid()); }

TEST(FileStorage, KindsHaveFilesOfTheirOwnMadeWhenNeeded) {
  TestDirectory directory;
  Storage& storage = file_storage(directory.path());
  EXPECT_TRUE(directory.names().empty());
  TestGroup counter(storage, "c");
  TestGroup histogram(storage, "h", 3, MetricType::histogram);
  TestGroup sum(storage, "s", 1, MetricType::gauge, GaugeMode::livesum);
  TestGroup max(storage, "m", 1, MetricType::gauge, GaugeMode::max);
  EXPECT_THAT(directory.names(), UnorderedElementsAre(MatchesRegex("counter_" + pid() + "-[0-9a-f]+\\.db"),
                                                      MatchesRegex("histogram_" + pid() + "-[0-9a-f]+\\.db"),
                                                      "gauge_livesum_" + pid() + ".db",
                                                      MatchesRegex("gauge_max_" + pid() + "-[0-9a-f]+\\.db")));
}

TEST(FileStorage, NamesakesFileIsLeftAloneAndAnotherIdentityTaken) {
  TestDirectory directory;
  const std::string taken = "gauge_all_" + pid() + ".db";
  std::ofstream(directory.path() / taken) << "a predecessor's";
  TestGroup gauge(file_storage(directory.path()), "g", 1, MetricType::gauge, GaugeMode::all);
  TestGroup live(file_storage(directory.path()), "l", 1, MetricType::gauge, GaugeMode::liveall);
  EXPECT_THAT(directory.names(),
              UnorderedElementsAre(taken, "gauge_all_" + pid() + "-1.db", "gauge_liveall_" + pid() + "-1.db"));
  EXPECT_EQ(bytes_of(directory.path() / taken), "a predecessor's");
}

TEST(FileStorage, ThreadsAreEntriesOfTheSameKeyThatAddUp) {
  TestDirectory directory;
  TestGroup counter(file_storage(directory.path()), "c");
  counter.add(0, 1);
  std::thread([&] { counter.add(0, 2); }).join();
  counter.add_async(0, 4);
  EXPECT_EQ(counter.read(0), 7);
  EXPECT_EQ(totals(directory), (std::map<std::string, double>{{key("c"), 7}}));
}

TEST(FileStorage, OldLayoutHasNoTimestamps) {
  TestDirectory directory;
  TestGroup counter(file_storage(directory.path(), FileLayout::v0_16), "c");
  TestGroup other(file_storage(directory.path(), FileLayout::v0_16), "other");
  counter.add(0, 3);
  other.add(0, 4);
  EXPECT_EQ(totals(directory, 8), (std::map<std::string, double>{{key("c"), 3}, {key("other"), 4}}));
}

TEST(FileStorage, OldLayoutCannotHoldMostrecent) {
  TestDirectory directory;
  TestGroup gauge(file_storage(directory.path(), FileLayout::v0_16), "g", 1, MetricType::gauge, GaugeMode::mostrecent);
  EXPECT_FALSE(gauge.is_stored());
  EXPECT_TRUE(directory.names().empty());
}

TEST(FileStorage, ReturningChildGoesOnInItsCells) {
  TestDirectory directory;
  Storage& storage = file_storage(directory.path());
  for (int round = 0; round < 100; ++round) {
    TestGroup counter(storage, "c");
    counter.add(0, 1);
  }
  EXPECT_EQ(totals(directory), (std::map<std::string, double>{{key("c"), 100}}));
  const std::string bytes = bytes_of(directory.path() / directory.names().front());
  std::uint32_t used = 0;
  std::memcpy(&used, bytes.data(), 4);
  EXPECT_LE(used, 3 * 64U) << "entries of a child that comes and goes must not pile up";
}

TEST(FileStorage, GaugeDeclaredTwiceHasOneEntry) {
  TestDirectory directory;
  Storage& storage = file_storage(directory.path());
  TestGroup one(storage, "g", 1, MetricType::gauge, GaugeMode::max);
  TestGroup two(storage, "g", 1, MetricType::gauge, GaugeMode::max);
  EXPECT_EQ(one.shared_cell(0), two.shared_cell(0));
}

TEST(FileStorage, ForkedChildHasFilesOfItsOwn) {
  TestDirectory directory;
  TestGroup counter(file_storage(directory.path()), "c");
  TestGroup untouched(file_storage(directory.path()), "u");
  counter.add(0, 5);
  const pid_t child = ::fork();
  if (child == 0) {
    counter.add(0, 2);
    ::_exit(counter.read(0) == 2 ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(counter.read(0), 5);
  EXPECT_EQ(directory.names().size(), 2U);
  EXPECT_EQ(totals(directory), (std::map<std::string, double>{{key("c"), 7}, {key("u"), 0}}));
  const std::string prefix = "counter_" + std::to_string(child) + "-";
  for (const std::string& name : directory.names()) {
    if (!name.starts_with(prefix)) continue;
    EXPECT_NE(bytes_of(directory.path() / name).find(key("u")), std::string::npos) << "all metrics appear, at 0";
  }
}

TEST(FileStorage, ChildThatNeverCountsMakesNoFileAndHoldsNoDescriptor) {
  TestDirectory directory;
  TestGroup counter(file_storage(directory.path()), "c");
  const pid_t child = ::fork();
  if (child == 0) {
    int open = 0;
    for (const auto& fd : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code error;
      open += std::filesystem::read_symlink(fd.path(), error).string().starts_with(directory.path().string());
    }
    ::_exit(open);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(directory.names().size(), 1U);
}

TEST(FileStorage, NewestExemplarOfASampleOverwritesTheOneBefore) {
  TestDirectory directory;
  Storage& storage = file_storage(directory.path());
  TestGroup counter(storage, "c", 2);
  const RegistrationHold hold;
  storage.put_exemplar(counter, 0, {{{"t", "one"}}, 1, 10});
  storage.put_exemplar(counter, 1, {{{"t", "other"}}, 1, 10});
  storage.put_exemplar(counter, 0, {{{"t", "two"}}, 2, 20});
  std::string bytes;
  for (const std::string& name : directory.names()) {
    if (name.starts_with("exemplars_" + pid() + "-") && name.ends_with(".weir"))
      bytes = bytes_of(directory.path() / name);
  }
  const auto first = decode_exemplar(bytes);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->key, key("c"));
  EXPECT_EQ(first->exemplar.labels, (Labels{{"t", "two"}}));
  const auto second = decode_exemplar(std::string_view(bytes).substr(first->size));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->exemplar.labels, (Labels{{"t", "other"}}));
  EXPECT_EQ(bytes.size(), first->size + second->size);
}

TEST(FileStorage, DirectoryIsMadeAndOneStorageServesIt) {
  TestDirectory directory;
  const auto nested = directory.path() / "a" / "b";
  Storage& storage = file_storage(nested);
  EXPECT_TRUE(std::filesystem::is_directory(nested));
  EXPECT_EQ(&storage, &file_storage(directory.path() / "a" / ".." / "a" / "b"));
  EXPECT_NE(&storage, &file_storage(nested, FileLayout::v0_16));
}

TEST(FileStorage, DirectoryThatCannotBeIsNamed) {
  TestDirectory directory;
  std::ofstream(directory.path() / "file") << "x";
  EXPECT_THROW(file_storage(""), ConfigError);
  try {
    file_storage(directory.path() / "file" / "metrics");
    FAIL();
  } catch (const StorageError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("file/metrics"));
  }
}

}  // namespace
}  // namespace weir
