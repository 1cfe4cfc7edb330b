#include "fold/background_fold.h"

#include <gmock/gmock.h>

#include <thread>

#include "collect/db_file_for_test.h"

namespace weir {
namespace {

using for_test::DbBytes;
using for_test::key;

double value_of(BackgroundFold& folding, const std::string& name) {
  for (const MetricFamily& family : families(folding.collect()->snapshot)) {
    for (const Sample& sample : family.samples) {
      if (sample.name == name) return sample.value;
    }
  }
  return -1;
}

/// Waits for what a fold in the background must bring about, at most 20 s.
bool comes_true(const std::function<bool()>& condition) {
  for (int i = 0; i < 4000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

void write_dead(const for_test::TemporaryDirectory& directory, const std::string& nonce, double jobs) {
  directory.write("counter_99999999-" + nonce + ".db",
                  DbBytes(RecordLayout::value_timestamp, kWeirMark).entry(key("jobs", "jobs_total"), jobs));
}

TEST(BackgroundFold, FoldsWhatDiesWhileItRuns) {
  for_test::TemporaryDirectory directory;
  write_dead(directory, "a", 1);
  BackgroundFold folding(fold_of_directory(directory.path(), {}),
                         {.interval = std::chrono::milliseconds(5), .enough_sources = 1});
  ASSERT_TRUE(comes_true([&] { return value_of(folding, "weir_fold_sources_total") == 1; }));
  write_dead(directory, "b", 2);
  ASSERT_TRUE(comes_true([&] { return value_of(folding, "weir_fold_sources_total") == 2; }));
  EXPECT_EQ(value_of(folding, "weir_folds_total"), 2);
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "counter_99999999-b.db"));
}

TEST(BackgroundFold, LooksBeforeItsTimeWhenAsked) {
  for_test::TemporaryDirectory directory;
  BackgroundFold folding(fold_of_directory(directory.path(), {}),
                         {.interval = std::chrono::hours(1), .enough_sources = 2, .first_look = std::chrono::hours(1)});
  for (const int written : {2, 4}) {
    write_dead(directory, std::to_string(written), 1);
    write_dead(directory, std::to_string(written) + "b", 1);
    EXPECT_TRUE(comes_true([&] {
      folding.look_soon();
      return value_of(folding, "weir_fold_sources_total") == written;
    }));
  }
}

TEST(BackgroundFold, WaitsForADirectoryThatIsNotThereYet) {
  for_test::TemporaryDirectory directory;
  const std::filesystem::path later = directory.path() / "later";
  BackgroundFold folding(fold_of_directory(later, {}), {.interval = std::chrono::milliseconds(5), .enough_sources = 1});
  std::filesystem::create_directory(later);
  std::ofstream{later / "counter_99999999-a.db", std::ios::binary}
      << DbBytes(RecordLayout::value_timestamp, kWeirMark).entry(key("jobs", "jobs_total"), 1).bytes();
  EXPECT_TRUE(comes_true([&] { return value_of(folding, "weir_fold_sources_total") == 1; }));
  EXPECT_EQ(value_of(folding, "weir_fold_failures_total"), 0);
}

TEST(BackgroundFold, LeavesADirectoryAloneThatOthersWriteTo) {
  for_test::TemporaryDirectory directory;
  write_dead(directory, "a", 1);
  directory.write("counter_4242.db", DbBytes{}.entry(key("jobs", "jobs_total"), 3));
  BackgroundFold folding(fold_of_directory(directory.path(), {.only_among_weir = true}),
                         {.interval = std::chrono::milliseconds(5)});
  ASSERT_TRUE(comes_true([&] { return value_of(folding, "weir_writer_files_dead") == 1; }));
  EXPECT_TRUE(std::filesystem::exists(directory.path() / "counter_99999999-a.db"));
  EXPECT_EQ(value_of(folding, "weir_folds_total"), 0);
}

}  // namespace
}  // namespace weir
