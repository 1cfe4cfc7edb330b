// Directories of real files into real servers: what `weir show --dir` tells, `weir show --redis` tells too.
#include "redis_storage/migrate_directory.h"

#include <gtest/gtest.h>

#include <limits>

#include "collect/db_file_for_test.h"
#include "redis/redis_cluster_for_test.h"
#include "redis_collect/inspect_redis.h"
#include "redis_collect/redis_reading_for_test.h"
#include "weir/error.h"
#include "weir/fold.h"
#include "weir/multiprocess.h"
#include "weir/registry.h"
#include "weir/storage.h"

namespace weir {
namespace {

using for_test::DbBytes;
using for_test::key;
using for_test::reasons;
using for_test::ServerWithKeys;
using for_test::shown;
using for_test::Shown;
using for_test::TemporaryDirectory;
using State = MigratedProcess::State;

DbBytes requests(double value) { return DbBytes().entry(key("requests", "requests_total", R"("code": "200")"), value); }

DbBytes weirs(double value) {
  return DbBytes(RecordLayout::value_timestamp, kWeirMark).entry(key("jobs", "jobs_total"), value);
}

class MigrateDirectory : public ::testing::Test {
 protected:
  Migration migrate(bool dry_run = false) {
    return migrate_directory(*redis.client(), {.directory = directory.path(), .dry_run = dry_run});
  }
  Shown of_directory() { return shown(*MultiProcessCollector(directory.path()).collect()); }
  Shown of_redis() {
    const auto collection = RedisMultiProcessCollector(redis.client(), {.key_prefix = "gunicorn"}).collect();
    EXPECT_EQ(for_test::reasons(*collection), for_test::Reasons{});
    return shown(*collection);
  }
  /// Two processes, everything a stock file can hold, in both record layouts.
  void fill() {
    for (const int pid : {101, 102}) {
      const RecordLayout layout = pid == 101 ? RecordLayout::value_timestamp : RecordLayout::value_only;
      const std::string end = "_" + std::to_string(pid) + ".db";
      const double some = pid;
      directory.write("counter" + end, DbBytes(layout)
                                           .entry(key("jobs", "jobs_total", R"("end": "\u00e9\n")"), some / 3)
                                           .entry(key("jobs", "jobs_total", R"("end": "")"), 0)
                                           .entry(key("jobs", "jobs_total", R"("end": "\u00e9\n")"), 1e15));
      directory.write("histogram" + end, DbBytes(layout)
                                             .entry(key("wait", "wait_sum"), some)
                                             .entry(key("wait", "wait_bucket", R"("le": "0.5")"), 3)
                                             .entry(key("wait", "wait_bucket", R"("le": "+Inf")"), 4));
      directory.write("summary" + end,
                      DbBytes(layout).entry(key("size", "size_count"), 2).entry(key("size", "size_sum"), -some));
      for (const char* mode : {"all", "min", "max", "sum", "mostrecent"}) {
        const std::string name = std::string("gauge_") + mode;
        directory.write(name + end, DbBytes(layout).entry(key(name, name), some, 1e9 - some));
      }
      directory.write("gauge_livesum" + end, DbBytes(layout).entry(key("live", "live"), 1));
    }
    const double infinite = std::numeric_limits<double>::infinity();
    directory.write("gauge_max_worker_1.db", DbBytes().entry(key("peak", "peak"), infinite));
    directory.write("gauge_all_worker_1.db", DbBytes().entry(key("gauge_all", "gauge_all"), 1e-300));
  }

  TemporaryDirectory directory;
  ServerWithKeys redis;
};

TEST_F(MigrateDirectory, ShowsTheSameFromRedis) {
  fill();
  const Migration done = migrate();
  EXPECT_EQ(reasons(done.problems), std::vector<std::string>{});
  EXPECT_EQ(done.processes.size(), 3U);
  EXPECT_EQ(done.live_gauge_files, 2U);
  Shown expected = of_directory();
  EXPECT_EQ(expected.erase("live"), 1U);
  EXPECT_EQ(of_redis(), expected);
  EXPECT_EQ(expected.size(), 16U);
}

TEST_F(MigrateDirectory, ASecondRunDoublesNothingAndBringsWhatHasGrown) {
  fill();
  migrate();
  const Shown before = of_redis();
  const std::string keys = redis.server().cli({"DBSIZE"});
  for (const MigratedProcess& process : migrate().processes) EXPECT_EQ(process.state, State::updated);
  EXPECT_EQ(of_redis(), before);
  EXPECT_EQ(redis.server().cli({"DBSIZE"}), keys);
  directory.write("counter_101.db", DbBytes().entry(key("new", "new_total"), 5).entry(key("jobs", "jobs_total"), 7));
  migrate();
  const Shown after = of_redis();
  EXPECT_EQ(after.at("new_total"), 5);
  EXPECT_EQ(after.at("jobs_total"), 7);
}

TEST_F(MigrateDirectory, NotALastBitIsLostAndPartsOfSumsGoAgain) {
  const std::string name = key("bytes", "bytes_total");
  directory.write("counter_101.db", DbBytes().entry(name, 1e15).entry(name, 101.0 / 3));
  directory.write("counter_102.db", DbBytes().entry(name, 1e15).entry(name, 102.0 / 7));
  migrate();
  EXPECT_EQ(of_redis(), of_directory());
  EXPECT_EQ(redis.server().cli({"SCARD", redis.keys().index("101")}), "2");
  for (const char* file : {"counter_101.db", "counter_102.db"}) directory.write(file, DbBytes().entry(name, 7));
  migrate();
  EXPECT_EQ(of_redis(), of_directory());
}

TEST_F(MigrateDirectory, TheDirectoryMayBeSpelledOtherwise) {
  directory.write("counter_101.db", requests(3));
  migrate();
  const std::string name = directory.path().filename();
  migrate_directory(*redis.client(), {.directory = directory.path().string() + "/../" + name + "/"});
  EXPECT_EQ(of_redis(), (Shown{{"requests_total{code=\"200\"}", 3}}));
}

TEST_F(MigrateDirectory, WritersAreDeadFromTheStart) {
  directory.write("counter_101.db", requests(3));
  migrate();
  EXPECT_EQ(redis.server().cli({"KEYS", "gunicorn:weir:lease:*"}), "");
  EXPECT_EQ(redis.server().cli({"HGET", "gunicorn:weir:claim:101", "goodbye"}), "1");
  EXPECT_GT(std::stol(redis.server().cli({"TTL", "gunicorn:counter:101:metric:" +
                                                     md5_hex(key("requests", "requests_total", R"("code": "200")"))})),
            86400 * 365);
}

TEST_F(MigrateDirectory, ANameThatIsTakenIsLeftToItsOwner) {
  const std::string json = key("requests", "requests_total", R"("code": "200")");
  redis.claim("101");
  redis.put_ours("counter", "101", json, "10.0");
  redis.put("counter", "102", json, "100.0");  // Python's, without a claim
  redis.run({"HSET", redis.keys().tomb("103"), "folded_at", "1"});
  for (const char* name : {"counter_101.db", "counter_102.db", "counter_103.db", "counter_104.db"}) {
    directory.write(name, requests(1));
  }
  for (int run = 0; run < 2; ++run) {
    const Migration done = migrate();
    ASSERT_EQ(done.processes.size(), 4U);
    for (int i = 0; i < 3; ++i)
      EXPECT_NE(done.processes[static_cast<std::size_t>(i)].writer.find("-m"), std::string::npos);
    EXPECT_EQ(done.processes[3].writer, "104");
    EXPECT_EQ(of_redis(), (Shown{{"requests_total{code=\"200\"}", 114}}));
  }
}

TEST_F(MigrateDirectory, TwoProcessesThatHadOnePidAreTwoWriters) {
  directory.write("counter_101-18f3a2c07b11.db", requests(1));
  directory.write("counter_101-28f3a2c07b11.db", requests(2));
  directory.write("gauge_all_101.db", DbBytes().entry(key("depth", "depth"), 9));
  migrate();
  migrate();
  EXPECT_EQ(of_redis(), of_directory());
  EXPECT_EQ(of_redis().at("requests_total{code=\"200\"}"), 3);
  EXPECT_EQ(of_redis().at("depth{pid=\"101\"}"), 9);
}

TEST_F(MigrateDirectory, BadFilesAreNamedAndTheRestGoesOn) {
  directory.write("counter_7.db", "not a metrics file");
  directory.write("foreign.db", "x");
  directory.write("counter_8.db", DbBytes().entry("no key", 1).entry(key("a", "a_total"), 2));
  directory.write("counter_101.db", requests(3));
  EXPECT_EQ(reasons(migrate().problems), (std::vector<std::string>{"bad_name", "not_a_db_file", "bad_key"}));
  EXPECT_EQ(of_redis(), (Shown{{"a_total", 2}, {"requests_total{code=\"200\"}", 3}}));
}

TEST_F(MigrateDirectory, ADirectoryThatIsNotThereIsAProblem) {
  const Migration done = migrate_directory(*redis.client(), {.directory = directory.path() / "absent"});
  EXPECT_EQ(reasons(done.problems), (std::vector<std::string>{"no_directory"}));
}

TEST_F(MigrateDirectory, WhatRedisRefusesIsNamed) {
  directory.write("counter_101.db", requests(3).entry(key("b", "b_total"), 4));
  migrate();
  const std::string value_key = redis.keys().metric("counter", "101", md5_hex(key("b", "b_total")));
  redis.run({"DEL", value_key});
  redis.run({"SET", value_key, "a string"});
  const Migration done = migrate();
  ASSERT_EQ(reasons(done.problems), (std::vector<std::string>{"refused"}));
  EXPECT_NE(done.problems[0].message.find("WRONGTYPE"), std::string::npos);
  EXPECT_EQ(done.processes[0].state, State::failed);
  EXPECT_EQ(done.processes[0].values, 1U);
}

TEST_F(MigrateDirectory, ADryRunWritesNothing) {
  fill();
  const Migration done = migrate(true);
  EXPECT_EQ(done.processes.size(), 3U);
  EXPECT_EQ(redis.server().cli({"DBSIZE"}), "0");
}

TEST_F(MigrateDirectory, AProcessFoldedSinceIsNotAddedAgain) {
  directory.write("counter_101.db", requests(3));
  migrate();
  for (const std::string& gone :
       {redis.keys().claim("101"), redis.keys().index("101"),
        redis.keys().metric("counter", "101", md5_hex(key("requests", "requests_total", R"("code": "200")")))}) {
    redis.run({"DEL", gone});
  }
  redis.run({"SREM", redis.keys().writers(""), "101"});
  EXPECT_EQ(migrate().processes[0].state, State::folded);
  EXPECT_EQ(of_redis(), Shown{});
}

TEST_F(MigrateDirectory, ARunKilledAfterItsClaimIsTakenUp) {
  directory.write("counter_101.db", requests(3));
  migrate();
  redis.run({"DEL", redis.keys().migrated("")});
  EXPECT_EQ(migrate().processes[0].state, State::updated);
  EXPECT_EQ(of_redis(), (Shown{{"requests_total{code=\"200\"}", 3}}));
  EXPECT_EQ(redis.server().cli({"HLEN", redis.keys().migrated("")}), "1");
}

TEST_F(MigrateDirectory, AnArchiveIsBroughtAsAProcessOfItsOwn) {
  directory.write("counter_99999999-a.db", weirs(2));
  fold_directory(directory.path());
  directory.write("counter_99999999-b.db", weirs(3));
  EXPECT_EQ(migrate().processes.size(), 2U);
  EXPECT_EQ(of_redis(), of_directory());
  EXPECT_EQ(migrate().processes.size(), 2U);
  EXPECT_EQ(of_redis(), of_directory());
}

TEST_F(MigrateDirectory, WhatWasBroughtAndThenArchivedIsRefused) {
  directory.write("counter_99999999-a.db", weirs(2));
  migrate();
  fold_directory(directory.path());
  EXPECT_THROW(migrate(), StorageError);
  EXPECT_EQ(of_redis(), of_directory());
}

TEST_F(MigrateDirectory, WeirsOwnFilesBringTheirExemplars) {
  Registry registry{file_storage(directory.path())};
  registry.counter({.name = "jobs", .help = "Jobs."}).inc(3, {{"trace_id", "abc"}});
  registry.histogram({.name = "wait", .help = "Wait.", .buckets = {1, 2}}).observe(1.5, {{"trace_id", "def"}});
  const Migration done = migrate();
  ASSERT_EQ(done.processes.size(), 1U);
  EXPECT_TRUE(done.processes[0].is_counting);
  EXPECT_EQ(of_redis(), of_directory());
  const auto collection = RedisMultiProcessCollector(redis.client(), {.key_prefix = "gunicorn"}).collect();
  std::vector<std::string> traces;
  for (const Snapshot::ExemplarAt& at : collection->snapshot.exemplars) {
    traces.push_back(std::string(collection->snapshot.table->series(at.series)) + " " + at.exemplar.labels[0].second);
  }
  EXPECT_EQ(traces, (std::vector<std::string>{"jobs_total abc", "wait_bucket{le=\"2.0\"} def"}));
}

TEST_F(MigrateDirectory, ManyValuesGoInManyScripts) {
  DbBytes bytes;
  for (int i = 0; i < 12'345; ++i) bytes.entry(key("many", "many_total", "\"n\": \"" + std::to_string(i) + "\""), i);
  directory.write("counter_101.db", bytes);
  std::size_t last = 0;
  migrate_directory(*redis.client(),
                    {.directory = directory.path(), .progress = [&](std::size_t done, std::size_t) { last = done; }});
  EXPECT_EQ(last, 1U);
  EXPECT_EQ(of_redis(), of_directory());
}

TEST(MigrateDirectoryIntoCluster, ShowsTheSameFromTheCluster) {
  for_test::RedisCluster cluster;
  TemporaryDirectory directory;
  for (int pid = 1; pid <= 40; ++pid) {
    directory.write("counter_" + std::to_string(pid) + ".db", requests(pid));
    directory.write("gauge_all_" + std::to_string(pid) + ".db", DbBytes().entry(key("depth", "depth"), pid));
  }
  directory.write("gauge_all_worker_1.db", DbBytes().entry(key("depth", "depth"), 1));
  const auto client = make_redis_client(cluster.options());
  for (int run = 0; run < 2; ++run) {
    EXPECT_EQ(migrate_directory(*client, {.directory = directory.path()}).processes.size(), 41U);
    EXPECT_EQ(shown(*RedisMultiProcessCollector(client, {.key_prefix = "gunicorn"}).collect()),
              shown(*MultiProcessCollector(directory.path()).collect()));
  }
  const RedisInspection found = inspect_redis(*client, {});
  EXPECT_EQ(reasons(found.faults), std::vector<std::string>{});
  EXPECT_EQ(found.servers.size(), 3U);
  EXPECT_EQ(found.claims.size(), 41U);
}

}  // namespace
}  // namespace weir
