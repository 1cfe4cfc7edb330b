#include "weir/fold.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <unistd.h>

#include <fstream>

#include "collect/db_file_for_test.h"
#include "format/archive_file.h"
#include "weir/error.h"

namespace weir {
namespace {

using for_test::DbBytes;
using for_test::key;
using for_test::lines;
using for_test::reasons;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// No pid is as large, so on every file system its writer is dead.
constexpr const char* kDeadPid = "99999999";

class Fold : public testing::Test {
 protected:
  /// A file whose writer has ended.
  static std::string dead(const std::string& kind, const std::string& nonce) {
    return kind + "_" + kDeadPid + "-" + nonce + ".db";
  }
  static DbBytes weir_file() { return DbBytes(RecordLayout::value_timestamp, kWeirMark); }
  void counter(const std::string& nonce, double jobs) const {
    directory_.write(dead("counter", nonce), weir_file().entry(key("jobs", "jobs_total"), jobs));
  }
  std::vector<std::string> shown() const {
    MultiProcessCollector collector(directory_.path());
    const auto collection = collector.collect();
    EXPECT_THAT(reasons(collection->problems), IsEmpty());
    return lines(*collection);
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      names.push_back(entry.path().filename());
    }
    return names;
  }
  FoldReport fold(const FoldOptions& options = {}) const { return fold_directory(directory_.path(), options); }

  for_test::TemporaryDirectory directory_;
};

TEST_F(Fold, DeadFilesBecomeOneArchive) {
  counter("a", 1);
  counter("b", 2);
  EXPECT_EQ(fold().sources, 2u);
  EXPECT_THAT(names(), ElementsAre("counter_archive.db"));
  EXPECT_THAT(shown(), ElementsAre("jobs_total 3"));
}

TEST_F(Fold, LaterFoldsAddToTheArchive) {
  counter("a", 1);
  fold();
  counter("b", 2);
  fold();
  EXPECT_THAT(names(), ElementsAre("counter_archive.db"));
  EXPECT_THAT(shown(), ElementsAre("jobs_total 3"));
}

TEST_F(Fold, EveryKindMergesByItsRule) {
  const auto gauge = [&](const std::string& mode, const std::string& nonce, double value, double timestamp) {
    directory_.write(dead("gauge_" + mode, nonce), weir_file().entry(key("g_" + mode, "g_" + mode), value, timestamp));
  };
  for (const char* mode : {"sum", "min", "max", "mostrecent"}) {
    gauge(mode, "a", 5, 200);
    gauge(mode, "b", 3, 100);
  }
  directory_.write(dead("histogram", "a"), weir_file()
                                               .entry(key("h", "h_bucket", R"("le": "1.0")"), 2)
                                               .entry(key("h", "h_bucket", R"("le": "+Inf")"), 1)
                                               .entry(key("h", "h_sum"), 4.5));
  directory_.write(dead("summary", "a"), weir_file().entry(key("s", "s_count"), 2).entry(key("s", "s_sum"), 7));
  const std::vector<std::string> before = shown();
  EXPECT_EQ(fold().sources, 10u);
  EXPECT_EQ(shown(), before);
  EXPECT_THAT(before,
              testing::IsSupersetOf({"g_sum 8", "g_min 3", "g_max 5", "g_mostrecent 5", "h_count 3", "s_sum 7"}));
}

TEST_F(Fold, SumsNoDoubleCanSayStayExact) {
  // Added in any order by plain doubles, the small ones vanish.
  counter("a", 9007199254740992.0);
  for (const char* nonce : {"b", "c", "d"}) counter(nonce, 0.75);
  fold();
  counter("e", 0.75);
  fold();
  counter("f", -9007199254740992.0 + 1);
  EXPECT_THAT(shown(), ElementsAre("jobs_total 4"));
}

TEST_F(Fold, AFileWhoseOwnerLivesIsLeftAlone) {
  counter("a", 1);
  const int fd = ::open((directory_.path() / dead("counter", "a")).c_str(), O_RDWR | O_CLOEXEC);
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_len = 1;
  ASSERT_EQ(fcntl(fd, F_OFD_SETLK, &lock), 0);
  EXPECT_EQ(fold().sources, 0u);
  EXPECT_THAT(names(), ElementsAre(dead("counter", "a")));
  ::close(fd);
  EXPECT_EQ(fold().sources, 1u);
}

TEST_F(Fold, SourcesLeftByAKilledFoldAreNotCountedTwice) {
  counter("a", 1);
  const std::string source = dead("counter", "a");
  std::filesystem::copy_file(directory_.path() / source, directory_.path() / "kept");
  fold();
  std::filesystem::rename(directory_.path() / "kept", directory_.path() / source);
  EXPECT_THAT(shown(), ElementsAre("jobs_total 1"));
  counter("b", 2);
  EXPECT_EQ(fold().sources, 1u);
  EXPECT_THAT(shown(), ElementsAre("jobs_total 3"));
  EXPECT_THAT(names(), ElementsAre("counter_archive.db"));
}

TEST_F(Fold, ASourceThatStaysIsNamedByLaterArchivesToo) {
  counter("a", 1);
  const std::string source = dead("counter", "a");
  std::filesystem::copy_file(directory_.path() / source, directory_.path() / "kept");
  fold();
  std::filesystem::rename(directory_.path() / "kept", directory_.path() / source);
  const int fd = ::open((directory_.path() / source).c_str(), O_RDWR | O_CLOEXEC);
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_len = 1;
  ASSERT_EQ(fcntl(fd, F_OFD_SETLK, &lock), 0);  // it seems to live, so nobody removes it
  counter("b", 2);
  EXPECT_EQ(fold().sources, 1u);
  EXPECT_THAT(names(), UnorderedElementsAre("counter_archive.db", source));
  EXPECT_THAT(shown(), ElementsAre("jobs_total 3"));
  ::close(fd);
}

TEST_F(Fold, AWarmReaderFollows) {
  MultiProcessCollector collector(directory_.path());
  counter("a", 1);
  counter("b", 2);
  EXPECT_THAT(lines(*collector.collect()), ElementsAre("jobs_total 3"));
  fold();
  EXPECT_THAT(lines(*collector.collect()), ElementsAre("jobs_total 3"));
  counter("c", 4);
  EXPECT_THAT(lines(*collector.collect()), ElementsAre("jobs_total 7"));
  fold();
  const auto collection = collector.collect();
  EXPECT_THAT(lines(*collection), ElementsAre("jobs_total 7"));
  EXPECT_THAT(reasons(collection->problems), IsEmpty());
  EXPECT_EQ(collector.statistics().files, 1u);
}

TEST_F(Fold, LiveGaugesGoWithTheirProcess) {
  directory_.write(std::string("gauge_livesum_") + kDeadPid + ".db", weir_file().entry(key("g", "g"), 1));
  EXPECT_EQ(fold().removed, 1u);
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(Fold, GaugesOfAllStayForTheirTime) {
  const std::string name = std::string("gauge_all_") + kDeadPid + ".db";
  const auto file = directory_.write(name, weir_file().entry(key("g", "g"), 1));
  EXPECT_EQ(fold({.keep_all = std::chrono::seconds(60)}).left, 1u);
  const std::vector<std::string> still_shown = shown();
  EXPECT_THAT(still_shown, ElementsAre(HasSubstr("pid=\"99999999\"")));
  std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now() - std::chrono::seconds(50));
  EXPECT_EQ(fold({.keep_all = std::chrono::seconds(60)}).removed, 0u);
  std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now() - std::chrono::seconds(70));
  EXPECT_EQ(fold({.keep_all = std::chrono::seconds(0)}).removed, 0u);
  EXPECT_EQ(fold({.keep_all = std::chrono::seconds(60)}).removed, 1u);
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(Fold, GaugesOfAllWaitAnewOnceTheClockIsSetRight) {
  const std::string name = std::string("gauge_all_") + kDeadPid + ".db";
  const auto file = directory_.write(name, weir_file().entry(key("g", "g"), 1));
  EXPECT_EQ(fold({.keep_all = std::chrono::seconds(60)}).left, 1u);
  const auto now = std::filesystem::file_time_type::clock::now();
  std::filesystem::last_write_time(file, now + std::chrono::hours(24 * 365 * 40));  // it died when the clock was wrong
  EXPECT_EQ(fold({.keep_all = std::chrono::seconds(60)}).left, 1u);
  EXPECT_LT(std::filesystem::last_write_time(file), now + std::chrono::seconds(60));
  std::filesystem::last_write_time(file, now - std::chrono::seconds(70));
  EXPECT_EQ(fold({.keep_all = std::chrono::seconds(60)}).removed, 1u);
}

TEST_F(Fold, StockFilesOnlyOnRequestAndUnderANameOfTheirOwn) {
  directory_.write("counter_4242.db", DbBytes{}.entry(key("jobs", "jobs_total"), 3));
  directory_.write("gauge_all_4242.db", DbBytes{}.entry(key("g", "g"), 3));
  EXPECT_EQ(fold().sources, 0u);
  EXPECT_EQ(fold().others, 2u);
  EXPECT_EQ(fold().live, 0u);  // whether they live nobody knows
  EXPECT_EQ(fold({.stock_files = true}).sources, 1u);
  EXPECT_THAT(names(), UnorderedElementsAre("counter_archive.db", "gauge_all_4242.db"));
  directory_.write("counter_4242.db", DbBytes{}.entry(key("jobs", "jobs_total"), 4));  // the pid was born again
  EXPECT_THAT(shown(), testing::Contains("jobs_total 7"));
}

TEST_F(Fold, AStockFileThatIsOpenForWritingIsLeftAlone) {
  const auto file = directory_.write("counter_4242.db", DbBytes{}.entry(key("jobs", "jobs_total"), 3));
  const int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  EXPECT_EQ(fold({.stock_files = true}).sources, 0u);
  ::close(fd);
  EXPECT_THAT(names(), ElementsAre("counter_4242.db"));
}

TEST_F(Fold, ADamagedSourceIsFoldedAsFarAsItGoesAndSetAside) {
  DbBytes bytes = weir_file().entry(key("jobs", "jobs_total"), 3);
  bytes.set_used(static_cast<std::int32_t>(bytes.size() + 4000));
  directory_.write(dead("counter", "a"), bytes);
  const FoldReport report = fold();
  EXPECT_EQ(report.set_aside, 1u);
  EXPECT_THAT(reasons(report.problems), ElementsAre("truncated"));
  EXPECT_THAT(names(), UnorderedElementsAre("counter_archive.db", dead("counter", "a") + ".damaged"));
  EXPECT_THAT(shown(), ElementsAre("jobs_total 3"));
}

TEST_F(Fold, ADamagedSourceThatAKilledFoldLeftIsSetAsideToo) {
  DbBytes bytes = weir_file().entry(key("jobs", "jobs_total"), 3);
  bytes.set_used(static_cast<std::int32_t>(bytes.size() + 4000));
  const std::string source = dead("counter", "a");
  directory_.write(source, bytes);
  fold();
  std::filesystem::rename(directory_.path() / (source + ".damaged"), directory_.path() / source);
  const FoldReport report = fold();
  EXPECT_EQ(report.set_aside, 1u);
  EXPECT_EQ(report.sources, 0u);
  EXPECT_THAT(reasons(report.problems), ElementsAre("truncated"));
  EXPECT_THAT(names(), UnorderedElementsAre("counter_archive.db", source + ".damaged"));
  EXPECT_THAT(shown(), ElementsAre("jobs_total 3"));
}

TEST_F(Fold, AFileThatHoldsNoMetricsIsNamedAndKeepsNobodyFromBeingFolded) {
  for (const std::string content : {"abc", "this is a note somebody left here, longer than a header"}) {
    directory_.write("counter_4242.db", content);
    counter(content.substr(0, 2), 1);
    const FoldReport report = fold({.only_among_weir = true});
    EXPECT_EQ(report.sources, 1u);
    EXPECT_EQ(report.others, 0u);
    EXPECT_THAT(reasons(report.problems), ElementsAre("not_a_db_file"));
    EXPECT_TRUE(std::filesystem::exists(directory_.path() / "counter_4242.db"));
  }
}

TEST_F(Fold, AFileThatHoldsNoMetricsIsSetAsideWithStockFiles) {
  directory_.write("counter_4242.db", "this is a note somebody left here, longer than a header");
  const FoldReport report = fold({.stock_files = true});
  EXPECT_EQ(report.set_aside, 1u);
  EXPECT_THAT(names(), testing::Contains(testing::EndsWith(".db.damaged")));
  EXPECT_THAT(shown(), IsEmpty());
}

TEST_F(Fold, AStockFileThatHasJustBegunIsAnotherClients) {
  counter("a", 1);
  directory_.write("counter_4242.db", std::string(64, '\0'));
  EXPECT_EQ(fold({.only_among_weir = true}).others, 1u);
}

TEST_F(Fold, ADamagedArchiveIsNeverWrittenOver) {
  counter("a", 1);
  fold();
  const auto archive = directory_.path() / "counter_archive.db";
  std::filesystem::resize_file(archive, std::filesystem::file_size(archive) - 3);
  counter("b", 2);
  const FoldReport report = fold();
  EXPECT_EQ(report.sources, 0u);
  EXPECT_THAT(reasons(report.problems), ElementsAre("damaged", "archive"));
  EXPECT_TRUE(std::filesystem::exists(directory_.path() / dead("counter", "b")));
}

TEST_F(Fold, FewerThanAskedForWait) {
  counter("a", 1);
  EXPECT_EQ(fold({.least_sources = 2}).left, 1u);
  counter("b", 1);
  EXPECT_EQ(fold({.least_sources = 2}).sources, 2u);
}

TEST_F(Fold, OneProcessFoldsADirectoryAtATime) {
  counter("a", 1);
  const int fd = ::open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_EQ(::flock(fd, LOCK_EX | LOCK_NB), 0);
  EXPECT_TRUE(fold().is_busy);
  ::close(fd);
  EXPECT_FALSE(fold().is_busy);
}

TEST_F(Fold, NothingToDoWritesNothing) {
  counter("a", 1);
  fold();
  const auto before = std::filesystem::last_write_time(directory_.path());
  EXPECT_EQ(fold().sources, 0u);
  EXPECT_EQ(std::filesystem::last_write_time(directory_.path()), before);
}

TEST_F(Fold, ADirectoryThatIsNotThereIsNamed) {
  EXPECT_THAT([&] { fold_directory("/nowhere/metrics"); },
              testing::ThrowsMessage<StorageError>(HasSubstr("/nowhere/metrics")));
}

TEST_F(Fold, ASpoolIsNotFolded) {
  counter("a", 1);
  directory_.write("1a2b3c.claim", "record");
  EXPECT_THAT([&] { fold(); },
              testing::ThrowsMessage<StorageError>(HasSubstr("spool of Redis storage (1a2b3c.claim)")));
  EXPECT_TRUE(std::filesystem::exists(directory_.path() / dead("counter", "a")));
}

TEST_F(Fold, ExemplarsGoWithTheLastFileOfTheirProcess) {
  counter("a", 1);
  const auto sidecar = directory_.write(std::string("exemplars_") + kDeadPid + "-a.weir", "");
  fold();
  EXPECT_FALSE(std::filesystem::exists(sidecar));
}

}  // namespace
}  // namespace weir
