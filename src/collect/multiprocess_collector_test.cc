// A directory over time: what grows, goes, breaks and comes back between collections.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "collect/db_file_for_test.h"
#include "weir/error.h"
#include "weir/log.h"

namespace weir {
namespace {

using for_test::DbBytes;
using for_test::key;
using for_test::lines;
using for_test::reasons;
using for_test::TemporaryDirectory;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string bytes_of(double v) {
  std::string bytes(sizeof v, '\0');
  std::memcpy(bytes.data(), &v, sizeof v);
  return bytes;
}

DbBytes counter(double value) { return std::move(DbBytes{}.entry(key("c", "c_total"), value)); }

/// What one collection makes of a single damaged file that stands beside a good one.
struct Outcome {
  std::vector<std::string> served;
  std::vector<Problem> problems;
  std::string reason() const { return problems.size() == 1 ? problems[0].reason : std::to_string(problems.size()); }
};
Outcome beside_a_good_file(std::string_view bytes, std::string_view name = "counter_9.db") {
  const TemporaryDirectory directory;
  directory.write("counter_1.db", counter(1));
  directory.write(name, bytes);
  MultiProcessCollector collector{directory.path()};
  const auto collection = collector.collect();
  const auto again = collector.collect();
  EXPECT_EQ(lines(*collection), lines(*again));
  EXPECT_EQ(reasons(collection->problems), reasons(again->problems));
  return {lines(*collection), collection->problems};
}

TEST(MultiProcessCollector, ReadsValuesAnewAndSharesTheTable) {
  const TemporaryDirectory directory;
  directory.write("counter_1.db", counter(1));
  MultiProcessCollector collector{directory.path()};
  const auto first = collector.collect();
  directory.overwrite("counter_1.db", kDbHeaderSize + value_offset(key("c", "c_total").size()), bytes_of(7));
  const auto second = collector.collect();
  EXPECT_THAT(lines(*first), ElementsAre("c_total 1"));
  EXPECT_THAT(lines(*second), ElementsAre("c_total 7"));
  EXPECT_EQ(first->snapshot.table, second->snapshot.table);
}

TEST(MultiProcessCollector, FollowsAFileThatGrows) {
  const TemporaryDirectory directory;
  DbBytes file = counter(1);
  directory.write("counter_1.db", file);
  MultiProcessCollector collector{directory.path()};
  collector.collect();
  file.entry(key("a", "a_total"), 2).entry(key("z", "z_total"), 3);
  directory.overwrite("counter_1.db", 0, file.bytes());
  EXPECT_THAT(lines(*collector.collect()), ElementsAre("a_total 2", "c_total 1", "z_total 3"));
}

TEST(MultiProcessCollector, NewEntriesAreUnseenUntilTheyAreInUse) {
  const TemporaryDirectory directory;
  DbBytes file = counter(1);
  const auto used = static_cast<std::int32_t>(file.size());
  directory.write("counter_1.db", file.entry(key("z", "z_total"), 3).set_used(used));
  MultiProcessCollector collector{directory.path()};
  EXPECT_THAT(lines(*collector.collect()), ElementsAre("c_total 1"));
}

TEST(MultiProcessCollector, FollowsAFileThatIsReplaced) {
  const TemporaryDirectory directory;
  directory.write("counter_1.db", counter(1));
  MultiProcessCollector collector{directory.path()};
  collector.collect();
  directory.write("new", DbBytes{}.entry(key("d", "d_total"), 9));
  std::filesystem::rename(directory.path() / "new", directory.path() / "counter_1.db");
  EXPECT_THAT(lines(*collector.collect()), ElementsAre("d_total 9"));
}

TEST(MultiProcessCollector, FollowsAFileThatShrinks) {
  const TemporaryDirectory directory;
  directory.write("counter_1.db", counter(1).entry(key("d", "d_total"), 2));
  MultiProcessCollector collector{directory.path()};
  collector.collect();
  directory.write("counter_1.db", counter(5));
  EXPECT_THAT(lines(*collector.collect()), ElementsAre("c_total 5"));
}

TEST(MultiProcessCollector, FollowsAFileRewrittenAtItsOldLength) {
  const TemporaryDirectory directory;
  directory.write("counter_1.db", counter(1).entry(key("d", "d_total"), 2));
  MultiProcessCollector collector{directory.path()};
  collector.collect();
  directory.write("counter_1.db", counter(1).entry(key("e", "e_total"), 2));
  EXPECT_THAT(lines(*collector.collect()), ElementsAre("c_total 1", "e_total 2"));
}

TEST(MultiProcessCollector, SeriesGoWithTheLastFileThatHasThem) {
  const TemporaryDirectory directory;
  directory.write("counter_1.db", counter(1).entry(key("d", "d_total"), 2));
  directory.write("counter_2.db", counter(10));
  MultiProcessCollector collector{directory.path()};
  EXPECT_THAT(lines(*collector.collect()), ElementsAre("c_total 11", "d_total 2"));
  std::filesystem::remove(directory.path() / "counter_1.db");
  EXPECT_THAT(lines(*collector.collect()), ElementsAre("c_total 10"));
  directory.write("counter_3.db", counter(5).entry(key("d", "d_total"), 4));
  EXPECT_THAT(lines(*collector.collect()), ElementsAre("c_total 15", "d_total 4"));
}

TEST(MultiProcessCollector, ReadsFilesLargerThanItsWindow) {
  const TemporaryDirectory directory;
  DbBytes file;
  double want = 0;
  for (int i = 0; i < 9000; ++i) {
    file.entry(key("c", "c_total", "\"n\": \"" + std::to_string(i) + "\""), i);
    want += i;
  }
  const std::string long_value(300 * 1024, 'x');
  file.entry(key("c", "c_total", "\"n\": \"" + long_value + "\""), 0.5);
  file.entry(key("c", "c_total", "\"n\": \"last\""), 0.25);
  directory.write("counter_1.db", file);
  MultiProcessCollector collector{directory.path()};
  for (int round = 0; round < 2; ++round) {
    const auto collection = collector.collect();
    double got = 0;
    for (const double v : collection->snapshot.values) got += v;
    EXPECT_EQ(got, want + 0.75);
    EXPECT_EQ(collection->snapshot.values.size(), 9002U);
  }
}

TEST(MultiProcessCollector, FilesMayHoldTheSameKeysInAnyOrder) {
  const TemporaryDirectory directory;
  const std::string a = key("a", "a_total");
  const std::string b = key("b", "b_total");
  const std::string c = key("c", "c_total");
  directory.write("counter_1.db", DbBytes{}.entry(a, 1).entry(b, 2).entry(c, 4));
  directory.write("counter_2.db", DbBytes{}.entry(c, 10).entry(a, 20));
  directory.write("counter_3.db", DbBytes{}.entry(c, 100).entry("no key", 7).entry(a, 200).entry(b, 400));
  directory.write("counter_4.db", DbBytes{}.entry(c, 1000).entry(a, 2000).entry(b, 4000).entry(b, 8000));
  MultiProcessCollector collector{directory.path()};
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(lines(*collector.collect()), ElementsAre("a_total 2221", "b_total 12402", "c_total 1114"));
  }
}

TEST(MultiProcessCollector, EqualKeysOfOtherProcessesAndKindsAreOtherSeries) {
  const TemporaryDirectory directory;
  for (const char* name : {"gauge_all_1.db", "gauge_all_2.db", "histogram_3.db", "summary_3.db"}) {
    directory.write(name, DbBytes{}.entry(key("g", "g_sum"), name[6] == 'a' ? name[10] - '0' : 5));
  }
  MultiProcessCollector collector{directory.path()};
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(lines(*collector.collect()), testing::IsSupersetOf({"g_sum{pid=\"1\"} 1", "g_sum{pid=\"2\"} 2"}));
    EXPECT_EQ(lines(*collector.collect()).size(), 4U);
  }
}

TEST(MultiProcessCollector, AFirstCollectionReadsEachFileOnce) {
  const TemporaryDirectory directory;
  const DbBytes file = counter(1);
  const std::size_t size = DbBytes{file}.size();
  directory.write("counter_1.db", file);
  MultiProcessCollector collector{directory.path()};
  collector.collect();
  EXPECT_LE(collector.statistics().bytes, size + kDbHeaderSize);
}

TEST(MultiProcessCollector, MostRecentPairsSurviveAnyLength) {
  const TemporaryDirectory directory;
  DbBytes file;
  for (int i = 0; i < 3000; ++i) file.entry(key("g", "g", "\"n\": \"" + std::to_string(i) + "\""), i, 100 + i);
  directory.write("gauge_mostrecent_1.db", file);
  MultiProcessCollector collector{directory.path()};
  const auto collection = collector.collect();
  double got = 0;
  for (const double v : collection->snapshot.values) got += v;
  EXPECT_EQ(got, 2999.0 * 3000 / 2);
}

TEST(EmptyFile, IsOneAboutToBeFilledAndNoProblem) {
  const Outcome outcome = beside_a_good_file("");
  EXPECT_THAT(outcome.problems, testing::IsEmpty());
  EXPECT_THAT(outcome.served, ElementsAre("c_total 1"));
}

TEST(DamagedFile, ShorterThanItsHeader) { EXPECT_EQ(beside_a_good_file("\x40").reason(), "not_a_db_file"); }

TEST(DamagedFile, JustMadeAndNotWrittenTo) {
  EXPECT_THAT(beside_a_good_file(std::string(4096, '\0')).problems, IsEmpty());
  EXPECT_THAT(beside_a_good_file(DbBytes{}.bytes()).problems, IsEmpty());
}

TEST(DamagedFile, ForeignContent) {
  const Outcome outcome =
      beside_a_good_file("Dear diary, today I was stored in the wrong directory. It was warm there.");
  EXPECT_EQ(outcome.reason(), "not_a_db_file");
  EXPECT_THAT(outcome.served, ElementsAre("c_total 1"));
}

TEST(DamagedFile, ForeignName) {
  for (const char* name : {"notes.db", "gauge_sideways_1.db", "counter.db", "timer_1.db"}) {
    EXPECT_EQ(beside_a_good_file(counter(1).bytes(), name).reason(), "bad_name") << name;
  }
  EXPECT_THAT(beside_a_good_file("x", "counter_9.txt").problems, IsEmpty());
  EXPECT_THAT(beside_a_good_file("x", ".counter_9.db").problems, IsEmpty());
}

TEST(DamagedFile, NegativeUsedLength) {
  const Outcome outcome = beside_a_good_file(counter(5).set_used(-5).bytes());
  EXPECT_EQ(outcome.reason(), "not_a_db_file");
  EXPECT_THAT(outcome.problems[0].message,
              testing::AllOf(HasSubstr("counter_9.db"), HasSubstr("offset 0"), HasSubstr("-5")));
}

TEST(DamagedFile, UsedBeyondTheEndServesWhatIsThere) {
  DbBytes file = counter(5);
  const Outcome outcome = beside_a_good_file(file.set_used(1 << 30).bytes());
  EXPECT_EQ(outcome.reason(), "truncated");
  EXPECT_THAT(outcome.problems[0].message, HasSubstr("1073741824"));
  EXPECT_THAT(outcome.served, ElementsAre("c_total 6"));
}

TEST(DamagedFile, TruncatedTailIsSkipped) {
  DbBytes file = counter(5).entry(key("d", "d_total"), 2);
  const Outcome outcome = beside_a_good_file(std::string_view{file.bytes()}.substr(0, file.size() - 3));
  EXPECT_EQ(outcome.reason(), "truncated");
  EXPECT_THAT(outcome.served, ElementsAre("c_total 6"));
}

TEST(DamagedFile, EntriesBeforeABadLengthAreServed) {
  for (const std::int32_t length : {-1, 0, 0x7FFFFFFF, 1 << 20, 4000}) {
    DbBytes file = counter(5);
    const std::size_t second = file.size();
    file.entry(key("d", "d_total"), 2).entry(key("e", "e_total"), 3).put(second, length);
    const Outcome outcome = beside_a_good_file(file.bytes());
    EXPECT_EQ(outcome.reason(), "damaged") << length;
    EXPECT_THAT(outcome.served, ElementsAre("c_total 6")) << length;
    EXPECT_THAT(outcome.problems[0].message, HasSubstr("offset " + std::to_string(second)));
  }
}

TEST(DamagedFile, ABadKeyCostsItsEntryOnly) {
  for (const std::string& bad :
       {std::string{R"(["d", "d_total", {}, "h")"}, std::string{R"({"d": 1})"}, std::string{R"(["d", "d_total", {}])"},
        std::string{"[\"d\", \"d_total\", {\"l\": \"\xff\xfe\"}, \"h\"]"}, std::string{R"(["", "d_total", {}, "h"])"},
        std::string{R"(["d", "other_total", {}, "h"])"}, std::string{R"(["d", "d_total", {"": "x"}, "h"])"}}) {
    DbBytes file = counter(5);
    file.entry(bad, 2).entry(key("e", "e_total"), 3);
    const Outcome outcome = beside_a_good_file(file.bytes());
    EXPECT_EQ(outcome.reason(), "bad_key") << bad;
    EXPECT_THAT(outcome.served, ElementsAre("c_total 6", "e_total 3")) << bad;
  }
}

TEST(DamagedFile, ABadBucketBoundCostsItsEntryOnly) {
  DbBytes file;
  file.entry(key("h", "h_bucket", R"("le": "wide")"), 2).entry(key("h", "h_bucket", R"("le": "NaN")"), 2);
  file.entry(key("h", "h_bucket", R"("le": "+Inf")"), 3);
  const Outcome outcome = beside_a_good_file(file.bytes(), "histogram_9.db");
  EXPECT_THAT(reasons(outcome.problems), ElementsAre("bad_key", "bad_key"));
  EXPECT_THAT(outcome.served, ElementsAre("c_total 1", "h_bucket{le=\"+Inf\"} 3", "h_count 3"));
}

TEST(DamagedFile, ManyBadKeysAreSummedUp) {
  DbBytes file;
  for (int i = 0; i < 1000; ++i) file.entry("[nonsense " + std::to_string(i) + "]", 1);
  const Outcome outcome = beside_a_good_file(file.bytes());
  EXPECT_LT(outcome.problems.size(), 20U);
  EXPECT_THAT(outcome.problems.back().message, HasSubstr("more"));
}

TEST(DamagedFile, AFifoIsNotWaitedFor) {
  const TemporaryDirectory directory;
  ASSERT_EQ(mkfifo((directory.path() / "counter_9.db").c_str(), 0600), 0);
  std::filesystem::create_directory(directory.path() / "counter_8.db");
  MultiProcessCollector collector{directory.path()};
  EXPECT_THAT(reasons(collector.collect()->problems), ElementsAre("not_a_file", "not_a_file"));
}

TEST(DamagedFile, ADanglingLinkHasVanished) {
  const TemporaryDirectory directory;
  std::filesystem::create_symlink("nowhere", directory.path() / "counter_9.db");
  std::filesystem::create_symlink("nowhere", directory.path() / "gauge_liveall_9.db");
  MultiProcessCollector collector{directory.path()};
  EXPECT_THAT(reasons(collector.collect()->problems), ElementsAre("vanished"));
}

TEST(DamagedFile, AFileThatMayNotBeReadIsNamed) {
  const TemporaryDirectory directory;
  // A link to itself cannot be opened by anybody, root included.
  std::filesystem::create_symlink("counter_9.db", directory.path() / "counter_9.db");
  directory.write("counter_1.db", counter(1));
  MultiProcessCollector collector{directory.path()};
  const auto collection = collector.collect();
  EXPECT_THAT(reasons(collection->problems), ElementsAre("unreadable"));
  EXPECT_THAT(lines(*collection), ElementsAre("c_total 1"));
}

TEST(DamagedFile, IsServedAgainOnceItIsWhole) {
  const TemporaryDirectory directory;
  DbBytes file = counter(5).entry(key("d", "d_total"), 2);
  directory.write("counter_1.db", std::string_view{file.bytes()}.substr(0, file.size() - 3));
  MultiProcessCollector collector{directory.path()};
  EXPECT_THAT(lines(*collector.collect()), ElementsAre("c_total 5"));
  directory.overwrite("counter_1.db", 0, file.bytes());
  const auto collection = collector.collect();
  EXPECT_THAT(lines(*collection), ElementsAre("c_total 5", "d_total 2"));
  EXPECT_THAT(collection->problems, IsEmpty());
}

TEST(MultiProcessCollector, AMissingDirectoryIsAProblemUntilItIsThere) {
  const TemporaryDirectory directory;
  MultiProcessCollector collector{directory.path() / "later"};
  EXPECT_THAT(reasons(collector.collect()->problems), ElementsAre("no_directory"));
  std::filesystem::create_directory(directory.path() / "later");
  directory.write("later/counter_1.db", counter(4));
  EXPECT_THAT(lines(*collector.collect()), ElementsAre("c_total 4"));
}

TEST(MultiProcessCollector, CountsWhatItRead) {
  const TemporaryDirectory directory;
  directory.write("counter_1.db", counter(4).entry(key("d", "d_total"), 2));
  directory.write("counter_2.db", counter(4));
  directory.write("notes.db", "x");
  MultiProcessCollector collector{directory.path()};
  collector.collect();
  collector.collect();
  const auto statistics = collector.statistics();
  EXPECT_EQ(statistics.files, 3U);
  EXPECT_EQ(statistics.files_skipped, 1U);
  EXPECT_EQ(statistics.entries, 3U);
  EXPECT_EQ(statistics.series, 2U);
  EXPECT_EQ(statistics.collections, 2U);
  EXPECT_GT(statistics.bytes, 100U);
}

/// Sets a variable for one test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

TEST(MultiProcessCollector, TakesItsDirectoryFromTheEnvironment) {
  EXPECT_THROW(MultiProcessCollector{}, ConfigError);
  const TemporaryDirectory directory;
  directory.write("counter_1.db", counter(4));
  const Variable variable{"PROMETHEUS_MULTIPROC_DIR", directory.path().c_str()};
  MultiProcessCollector collector;
  EXPECT_THAT(lines(*collector.collect()), ElementsAre("c_total 4"));
  EXPECT_EQ(collector.describe(), "directory " + directory.path().string());
}

std::vector<std::string> logged;
void keep_line(LogLevel, std::string_view line) noexcept { logged.emplace_back(line); }

TEST(MultiProcessCollector, WarnsOnceOfTheDeprecatedVariable) {
  const Variable variable{"prometheus_multiproc_dir", "/nowhere"};
  logged.clear();
  const LogSink before = set_log_sink(keep_line);
  const MultiProcessCollector first;
  const MultiProcessCollector second;
  set_log_sink(before);
  ASSERT_EQ(logged.size(), 1U);
  EXPECT_THAT(logged[0], HasSubstr("PROMETHEUS_MULTIPROC_DIR"));
}

/// A process that holds the owner's lock of a file until it is killed.
class Owner {
 public:
  explicit Owner(const std::filesystem::path& file) {
    int ready[2];
    if (pipe(ready) != 0) throw std::runtime_error("pipe");
    pid_ = fork();
    if (pid_ == 0) {
      const int descriptor = open(file.c_str(), O_RDWR);
      struct flock lock {};
      lock.l_type = F_WRLCK;
      lock.l_whence = SEEK_SET;
      lock.l_len = 1;
      if (fcntl(descriptor, F_OFD_SETLK, &lock) != 0 || write(ready[1], "x", 1) != 1) _exit(1);
      for (;;) pause();
    }
    close(ready[1]);
    char byte = 0;
    if (read(ready[0], &byte, 1) != 1) throw std::runtime_error("the owner got no lock");
    close(ready[0]);
  }
  ~Owner() { end(); }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;
  void end() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
};

TEST(MultiProcessCollector, LeavesOutLiveGaugesOfOurDeadWriters) {
  const TemporaryDirectory directory;
  const auto entry = key("g", "g");
  const auto ours =
      directory.write("gauge_liveall_1.db", DbBytes{RecordLayout::value_timestamp, kWeirMark}.entry(entry, 1));
  directory.write("gauge_liveall_2.db", DbBytes{}.entry(entry, 2));
  const auto lasting =
      directory.write("gauge_all_3.db", DbBytes{RecordLayout::value_timestamp, kWeirMark}.entry(entry, 3));
  Owner owner{ours};
  Owner other{lasting};
  MultiProcessCollector collector{directory.path()};
  EXPECT_THAT(lines(*collector.collect()), ElementsAre("g{pid=\"1\"} 1", "g{pid=\"2\"} 2", "g{pid=\"3\"} 3"));
  owner.end();
  other.end();
  const auto collection = collector.collect();
  EXPECT_THAT(lines(*collection), ElementsAre("g{pid=\"2\"} 2", "g{pid=\"3\"} 3"));
  EXPECT_THAT(collection->problems, IsEmpty());
  EXPECT_EQ(collector.statistics().files_skipped, 1U);
}

}  // namespace
}  // namespace weir
