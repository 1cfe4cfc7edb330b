// Writers killed at any moment, on a real server: what inc() had counted when it returned is there afterwards, once.
#include "redis_ship/spool_adopter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <atomic>
#include <filesystem>
#include <random>

#include <fmt/format.h>

#include "redis/tcp_proxy_for_test.h"
#include "redis_layout/redis_keys.h"
#include "redis_ship/shipping_for_test.h"
#include "storage/file_storage.h"
#include "weir/family.h"

namespace weir {
namespace {

using for_test::kLong;
using for_test::RedisServer;
using for_test::TcpProxy;
using for_test::TempDir;

constexpr std::size_t kRows = 64;

/// What writers have counted for certain, a row each; it outlives them.
class Page {
 public:
  Page()
      : rows_(static_cast<std::atomic<std::uint64_t>*>(::mmap(
            nullptr, kRows * sizeof(std::uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  ~Page() { ::munmap(rows_, kRows * sizeof(std::uint64_t)); }
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;
  std::atomic<std::uint64_t>& operator[](std::size_t row) const { return rows_[row]; }

 private:
  std::atomic<std::uint64_t>* rows_;
};

RedisSettings spooled(RedisOptions client, const TempDir& dir, RedisLayout layout) {
  RedisSettings settings = for_test::quick(std::move(client), layout);
  settings.durability = RedisDurability::spooled;
  settings.spool_directory = dir.path();
  settings.flush_interval = std::chrono::milliseconds(10);
  return settings;
}

/// A program with its metrics; each writer has labels, and values, of its own.
struct Writer {
  Writer(const RedisSettings& settings, std::size_t row)
      : storage(static_cast<RedisStorage&>(redis_storage(settings))),
        registry(storage),
        counter(registry.counter({.name = "jobs", .help = "Jobs."}, {"z", "a"}).labels("1", std::to_string(row))),
        gauge(registry.gauge({.name = "depth", .help = "Depth.", .mode = GaugeMode::max}, {"a"})
                  .labels(std::to_string(row))),
        histogram(registry.histogram({.name = "wait", .help = "Wait.", .buckets = {1, 2}}, {"a"})
                      .labels(std::to_string(row))) {}

  [[noreturn]] void count(const Page& page, std::size_t row, std::uint64_t end = ~std::uint64_t{0}) {
    for (std::uint64_t n = 1; n <= end; ++n) {
      counter.inc();
      gauge.set(static_cast<double>(n));
      histogram.observe(1.5);
      page[row].store(n);
      if (n % 64 == 0) ::usleep(50);
    }
    for (;;) ::pause();
  }

  RedisStorage& storage;
  Registry registry;
  Counter& counter;
  Gauge& gauge;
  Histogram& histogram;
};

template <typename Work>
pid_t in_child(Work work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  work();
  ::_exit(0);
}

void kill_and_wait(pid_t child) {
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

pid_t start_writer(const RedisSettings& settings, const Page& page, std::size_t row,
                   std::uint64_t end = ~std::uint64_t{0}) {
  return in_child([&, row, end] { (new Writer(settings, row))->count(page, row, end); });
}

/// A hash field's value in either layout; -1: not there.
double value_of(const RedisServer& server, RedisLayout layout, const std::string& kind, const std::string& json_key,
                const std::string& key, const std::string& field) {
  if (layout == RedisLayout::per_process) return for_test::total(server, kind, md5_hex(json_key));
  const std::string text = server.cli({"HGET", key, field});
  return text.empty() ? -1 : std::strtod(text.c_str(), nullptr);
}

double counted(const RedisServer& server, RedisLayout layout, std::size_t row) {
  const std::string json = fmt::format(R"(["jobs", "jobs_total", {{"a": "{}", "z": "1"}}, "Jobs."])", row);
  const auto of = [&](const std::string& field) {
    return value_of(server, layout, "counter", json, "jobs_total", field);
  };
  const double declared = of(fmt::format(R"({{"z": "1", "a": "{}"}})", row));
  // Killed before it had written anything down: nobody knows in which order the labels were declared.
  return declared >= 0 ? declared : of(fmt::format(R"({{"a": "{}", "z": "1"}})", row));
}
double level(const RedisServer& server, RedisLayout layout, std::size_t row) {
  return value_of(server, layout, "gauge_max", fmt::format(R"(["depth", "depth", {{"a": "{}"}}, "Depth."])", row),
                  "depth", fmt::format(R"({{"a": "{}"}})", row));
}
double observed(const RedisServer& server, RedisLayout layout, std::size_t row) {
  return value_of(server, layout, "histogram",
                  fmt::format(R"(["wait", "wait_bucket", {{"a": "{}", "le": "2.0"}}, "Wait."])", row), "wait:2.0",
                  fmt::format(R"({{"a": "{}"}})", row));
}

void expect_exact(const RedisServer& server, RedisLayout layout, const Page& page, std::size_t rows) {
  for (std::size_t row = 0; row < rows; ++row) {
    const auto sure = static_cast<double>(page[row].load());
    if (sure == 0) continue;
    for (const double met : {counted(server, layout, row), level(server, layout, row), observed(server, layout, row)}) {
      EXPECT_GE(met, sure) << "writer " << row;
      EXPECT_LE(met, sure + 1) << "writer " << row;
    }
  }
}

std::vector<std::string> left_in(const RedisSettings& settings) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(spool_place(settings))) {
    const std::string name = entry.path().filename();
    if (!name.starts_with('.')) names.push_back(name);  // unfinished ones go when they are old
  }
  return names;
}

/// Adopts until nothing is left, by this process.
void adopt_rest(const RedisSettings& settings) {
  RedisOptions one = settings.client;
  one.pool_size = 1;
  const Adopted done = adopt_spool(settings, make_redis_client(one));
  EXPECT_EQ(done.waiting, 0u) << done.why;
  EXPECT_THAT(left_in(settings), testing::IsEmpty());
}

class Spooled : public testing::TestWithParam<RedisLayout> {
 protected:
  RedisServer server;
  TempDir dir;
  Page page;
  std::mt19937 random{static_cast<unsigned>(::getpid())};
  RedisSettings settings = spooled(server.options(), dir, GetParam());

  void wait_for(std::size_t row, std::uint64_t least) {
    EXPECT_TRUE(for_test::eventually([&] { return page[row].load() >= least; }));
  }
  int below(int end) { return std::uniform_int_distribution<int>(0, end - 1)(random); }
};

// Each writer's own thread adopts at its start; so some are killed while they adopt others.
TEST_P(Spooled, KillsAtAnyMomentLoseNothingAndDoubleNothing) {
  constexpr std::size_t kKills = 24;
  for (std::size_t row = 0; row < kKills; ++row) {
    const pid_t writer = start_writer(settings, page, row);
    if (row % 4 != 0) wait_for(row, 1);
    ::usleep(static_cast<useconds_t>(below(60'000)));
    kill_and_wait(writer);
  }
  adopt_rest(settings);
  expect_exact(server, GetParam(), page, kKills);
}

TEST_P(Spooled, AnAdopterKilledAnywhereIsFollowedByAnother) {
  constexpr std::size_t kWriters = 10;
  std::vector<pid_t> writers;
  for (std::size_t row = 0; row < kWriters; ++row) writers.push_back(start_writer(settings, page, row));
  for (std::size_t row = 0; row < kWriters; ++row) wait_for(row, 1);
  ::usleep(100'000);
  for (const pid_t writer : writers) kill_and_wait(writer);
  for (int i = 0; i < 20; ++i) {
    const pid_t adopter = in_child([&] { adopt_spool(settings, make_redis_client(settings.client)); });
    ::usleep(static_cast<useconds_t>(1000 + below(9'000)));
    kill_and_wait(adopter);
  }
  adopt_rest(settings);
  expect_exact(server, GetParam(), page, kWriters);
}

TEST_P(Spooled, ARedisThatWasDownMeanwhileGetsItAll) {
  server.kill();
  const pid_t writer = start_writer(settings, page, 0, 500);
  wait_for(0, 500);
  ::usleep(50'000);
  kill_and_wait(writer);
  server.restart();
  adopt_rest(settings);
  EXPECT_EQ(counted(server, GetParam(), 0), 500);
  EXPECT_EQ(level(server, GetParam(), 0), 500);
  EXPECT_EQ(observed(server, GetParam(), 0), 500);
}

// The server did what it was told, the writer never learned it.
TEST_P(Spooled, AReplyTheDeadNeverGotCountsOnce) {
  TcpProxy proxy(server.port());
  RedisSettings slow = settings;
  slow.client.addresses = {{"127.0.0.1", proxy.port(), ""}};
  slow.client.reply_timeout = std::chrono::seconds(20);
  const pid_t writer = in_child([&] {
    auto* const on = new Writer(slow, 0);
    on->counter.inc(4);
    on->storage.flush(kLong);
    on->counter.inc(6);
    on->storage.flush(kLong);  // from here on the server knows every script by its name
    page[1].store(1);
    while (page[2].load() == 0) ::usleep(1000);
    on->counter.inc(1000);
    page[3].store(1);
    for (;;) ::pause();
  });
  wait_for(1, 1);
  EXPECT_EQ(counted(server, GetParam(), 0), 10);
  proxy.on_reply(TcpProxy::Then::hold);
  page[2].store(1);
  wait_for(3, 1);
  EXPECT_TRUE(for_test::eventually([&] { return counted(server, GetParam(), 0) == 1010; }));
  kill_and_wait(writer);
  EXPECT_FALSE(left_in(slow).empty());
  proxy.on_reply(TcpProxy::Then::pass);
  adopt_rest(slow);
  EXPECT_EQ(counted(server, GetParam(), 0), 1010);
}

TEST_P(Spooled, AnOrderlyEndLeavesNothing) {
  const pid_t writer = in_child([&] {
    auto* const on = new Writer(settings, 0);
    on->counter.inc(3);
    on->gauge.set(3);
    on->histogram.observe(1.5);
    on->storage.finish();
  });
  ::waitpid(writer, nullptr, 0);
  EXPECT_EQ(counted(server, GetParam(), 0), 3);
  EXPECT_THAT(left_in(settings), testing::IsEmpty());
}

// A child of fork has files and a record of its own; the parent's death is not the child's.
TEST_P(Spooled, ForkedWritersAreTwo) {
  const pid_t parent = in_child([&] {
    auto* const on = new Writer(settings, 0);
    on->counter.inc(5);
    on->storage.flush(kLong);
    const pid_t child = ::fork();
    if (child == 0) {
      on->counter.inc(7);
      page[2].store(static_cast<std::uint64_t>(::getpid()));
      for (;;) ::pause();
    }
    page[1].store(1);
    for (;;) ::pause();
  });
  wait_for(1, 1);
  wait_for(2, 1);
  kill_and_wait(parent);
  RedisOptions one = settings.client;
  one.pool_size = 1;
  adopt_spool(settings, make_redis_client(one));
  EXPECT_FALSE(left_in(settings).empty());  // the child's
  ::kill(static_cast<pid_t>(page[2].load()), SIGKILL);
  EXPECT_TRUE(
      for_test::eventually([&] { return adopt_spool(settings, make_redis_client(one)), left_in(settings).empty(); }));
  EXPECT_EQ(counted(server, GetParam(), 0), 12);
}

// Values whose owner died before it had written down who it was.
TEST_P(Spooled, FilesWithoutARecordAreShippedUnderAnIdentityOfTheirOwn) {
  const pid_t writer = in_child([&] {
    Storage& files = file_storage(spool_place(settings));
    Registry registry{files};
    registry.counter({.name = "jobs", .help = "Jobs."}, {"z", "a"}).labels("1", "0").inc(9);
    ::raise(SIGKILL);
  });
  ::waitpid(writer, nullptr, 0);
  adopt_rest(settings);
  EXPECT_EQ(counted(server, GetParam(), 0), 9);
}

INSTANTIATE_TEST_SUITE_P(BothLayouts, Spooled, testing::Values(RedisLayout::per_process, RedisLayout::shared),
                         [](const auto& layout) {
                           return layout.param == RedisLayout::shared ? "Shared" : "PerProcess";
                         });

TEST(SpooledClaim, SaysWhereItsFilesAreUntilAllIsShipped) {
  RedisServer server;
  TempDir dir;
  Page page;
  const RedisSettings settings = spooled(server.options(), dir, RedisLayout::per_process);
  const pid_t writer = start_writer(settings, page, 0, 10);
  const std::string claim = "gunicorn:weir:claim:" + std::to_string(writer);
  EXPECT_TRUE(for_test::eventually([&] { return !server.cli({"HGET", claim, "spool_host"}).empty(); }));
  EXPECT_EQ(server.cli({"HGET", claim, "spool_dir"}), spool_place(settings));
  EXPECT_TRUE(for_test::eventually([&] { return page[0].load() == 10; }));
  kill_and_wait(writer);
  adopt_rest(settings);
  EXPECT_EQ(server.cli({"HGET", claim, "spool_dir"}), "");
  EXPECT_EQ(server.cli({"HGET", claim, "goodbye"}), "1");
  EXPECT_EQ(server.cli({"EXISTS", "gunicorn:weir:lease:" + std::to_string(writer)}), "0");
  EXPECT_EQ(counted(server, RedisLayout::per_process, 0), 10);
}

}  // namespace
}  // namespace weir
