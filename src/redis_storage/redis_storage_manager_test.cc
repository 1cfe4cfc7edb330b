#include "weir/redis_storage_manager.h"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redis/redis_server_for_test.h"
#include "weir/backend.h"
#include "weir/counter.h"
#include "weir/gauge.h"
#include "weir/log.h"
#include "weir/registry.h"
#include "weir/storage.h"

namespace weir {
namespace {

using for_test::RedisServer;
using ::testing::HasSubstr;
using ::testing::Not;

struct Log {
  std::mutex mutex;
  std::string text;
};
Log& the_log() {
  static Log log;
  return log;
}
void keep_line(LogLevel level, std::string_view line) noexcept {
  const std::lock_guard lock(the_log().mutex);
  the_log().text += std::to_string(static_cast<int>(level)) + " " + std::string(line) + "\n";
}

// The choice of a backend is made once a process: each test runs in one of its own.
class RedisStorageManagerTest : public ::testing::Test {
 protected:
  static void in_a_process_of_its_own(const std::function<void()>& test) {
    ::testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_EXIT(
        {
          set_log_level(LogLevel::debug);
          set_log_sink(keep_line);
          ::alarm(100);
          test();
          std::fflush(nullptr);
          ::_exit(::testing::Test::HasFailure() ? 1 : 0);
        },
        ::testing::ExitedWithCode(0), "");
  }
  static RedisSettings settings_of(const RedisOptions& options) {
    RedisSettings settings;
    settings.enabled = true;
    settings.client = options;
    settings.client.connect_timeout = settings.client.reply_timeout = std::chrono::seconds(2);
    settings.key_prefix = "app";
    settings.flush_interval = std::chrono::milliseconds(100);
    return settings;
  }
  static bool comes_true(const std::function<bool()>& condition) {
    for (int i = 0; i < 200; ++i) {
      if (condition()) return true;
      ::usleep(100'000);
    }
    return false;
  }
  static RedisOptions nobody() {
    RedisOptions options;
    options.addresses = {{"127.0.0.1", 1, ""}};
    return options;
  }
};

TEST_F(RedisStorageManagerTest, IsOffWhereRedisIsNotEnabled) {
  in_a_process_of_its_own([] {
    ::unsetenv("REDIS_ENABLED");
    EXPECT_FALSE(setup_redis_metrics());
    EXPECT_THAT(the_log().text, HasSubstr("0 Redis is not enabled"));
    EXPECT_FALSE(is_redis_enabled());
    EXPECT_EQ(get_redis_client(), nullptr);
    EXPECT_EQ(get_redis_collector(), nullptr);
    EXPECT_EQ(cleanup_redis_keys(), 0u);
    EXPECT_FALSE(get_redis_storage_manager().is_connected());
    teardown_redis_metrics();
    EXPECT_EQ(backend_class(), "SingleProcessBackend");
  });
}

TEST_F(RedisStorageManagerTest, SetsUpByTheEnvironmentAlone) {
  in_a_process_of_its_own([] {
    RedisServer server;
    ::setenv("REDIS_ENABLED", "true", 1);
    ::setenv("REDIS_HOST", "127.0.0.1", 1);
    ::setenv("REDIS_PORT", std::to_string(server.port()).c_str(), 1);
    EXPECT_TRUE(redis_available());
    EXPECT_TRUE(setup_redis_metrics());
    EXPECT_TRUE(setup_redis_metrics());
    EXPECT_TRUE(is_redis_enabled());
    EXPECT_TRUE(get_redis_client()->ping());
    EXPECT_EQ(backend_class(), "RedisStorage");
    EXPECT_NE(get_redis_collector(), nullptr);
    EXPECT_EQ(get_redis_collector(), get_redis_collector());
  });
}

TEST_F(RedisStorageManagerTest, ShipsMetricsMadeAfterSetUpAndReadsThemBack) {
  in_a_process_of_its_own([] {
    RedisServer server;
    RedisStorageManager manager({}, {}, settings_of(server.options()));
    ASSERT_TRUE(manager.setup());
    Registry registry;
    Counter& jobs = registry.counter({.name = "jobs", .help = "Jobs done."});
    jobs.inc(3);
    EXPECT_TRUE(flush());
    EXPECT_EQ(server.cli({"--scan", "--pattern", "app:counter:*:metric:*"}).size(),
              ("app:counter:" + std::to_string(::getpid()) + ":metric:").size() + 32);
    const auto collection = manager.get_collector()->collect();
    const auto all = families(collection->snapshot);
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].samples.at(0).value, 3);
  });
}

TEST_F(RedisStorageManagerTest, SaysFalseAndTheCauseWhenNobodyAnswersAndCountsOn) {
  in_a_process_of_its_own([] {
    RedisSettings settings = settings_of(nobody());
    settings.client.password = Secret("s3cret");
    RedisStorageManager manager({}, {}, settings);
    EXPECT_FALSE(manager.setup());
    EXPECT_THAT(the_log().text, HasSubstr("3 set-up of Redis metrics: "));
    EXPECT_THAT(the_log().text, HasSubstr("127.0.0.1:1"));
    EXPECT_THAT(the_log().text, Not(HasSubstr("s3cret")));
    EXPECT_FALSE(manager.is_enabled());
    EXPECT_FALSE(manager.is_connected());
    Registry registry;
    Counter& jobs = registry.counter({.name = "jobs", .help = "Jobs done."});
    jobs.inc(3);
    EXPECT_EQ(families(registry.collect()->snapshot).at(0).samples.at(0).value, 3);
  });
}

TEST_F(RedisStorageManagerTest, ShipsWhatWasCountedBeforeTheServerCame) {
  in_a_process_of_its_own([] {
    RedisServer server;
    server.stop();
    RedisStorageManager manager({}, {}, settings_of(server.options()));
    EXPECT_FALSE(manager.setup());
    Registry registry;
    Counter& jobs = registry.counter({.name = "jobs", .help = "Jobs done."});
    jobs.inc(3);
    server.restart();
    // A client that met nobody waits a little before it tries again.
    EXPECT_TRUE(comes_true([&] { return manager.setup(); }));
    EXPECT_TRUE(comes_true([] { return flush(std::chrono::seconds(5)); }));
    ASSERT_TRUE(manager.is_enabled());
    const auto collection = manager.get_collector()->collect();
    for (const Problem& problem : collection->problems) ADD_FAILURE() << message_with_subject(problem);
    const auto all = families(collection->snapshot);
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].samples.at(0).value, 3);
  });
}

TEST_F(RedisStorageManagerTest, NamesAVariableThatCannotBeUsed) {
  in_a_process_of_its_own([] {
    ::setenv("REDIS_ENABLED", "true", 1);
    ::setenv("REDIS_PORT", "seventy", 1);
    EXPECT_FALSE(setup_redis_metrics());
    EXPECT_THAT(the_log().text, HasSubstr("REDIS_PORT"));
    EXPECT_THAT(the_log().text, HasSubstr("seventy"));
  });
}

TEST_F(RedisStorageManagerTest, SaysSoWhenMetricsExistAlready) {
  in_a_process_of_its_own([] {
    RedisServer server;
    Registry registry;
    Counter& jobs = registry.counter({.name = "jobs", .help = "Jobs done."});
    jobs.inc(3);
    RedisStorageManager manager({}, {}, settings_of(server.options()));
    EXPECT_FALSE(manager.setup());
    EXPECT_THAT(the_log().text, HasSubstr("metrics exist already"));
    EXPECT_FALSE(manager.is_enabled());
  });
}

TEST_F(RedisStorageManagerTest, ConnectedIsWhatTheServerSaysNow) {
  in_a_process_of_its_own([] {
    RedisServer server;
    RedisStorageManager manager({}, {}, settings_of(server.options()));
    ASSERT_TRUE(manager.setup());
    EXPECT_TRUE(manager.is_connected());
    server.kill();
    EXPECT_FALSE(manager.is_connected());
    EXPECT_TRUE(manager.is_enabled());
    server.restart();
    EXPECT_TRUE(comes_true([&] { return manager.is_connected(); }));
  });
}

TEST_F(RedisStorageManagerTest, TeardownRestoresTheStorageThatWasChosen) {
  in_a_process_of_its_own([] {
    RedisServer server;
    for_test::TempDir directory;
    load_backend("MultiProcessFileBackend", {{"directory", directory.path()}});
    RedisStorageManager manager({}, {}, settings_of(server.options()));
    ASSERT_TRUE(manager.setup());
    EXPECT_NE(backend_class(), "MultiProcessFileBackend");
    manager.teardown();
    EXPECT_EQ(backend_class(), "MultiProcessFileBackend");
    EXPECT_FALSE(manager.is_enabled());
    EXPECT_EQ(manager.get_client(), nullptr);
    EXPECT_TRUE(manager.setup());
    EXPECT_TRUE(manager.is_enabled());
  });
}

TEST_F(RedisStorageManagerTest, TeardownFlushesAndSaysThatMetricsStay) {
  in_a_process_of_its_own([] {
    RedisServer server;
    RedisSettings settings = settings_of(server.options());
    settings.flush_interval = std::chrono::seconds(4);
    RedisStorageManager manager({}, {}, settings);
    ASSERT_TRUE(manager.setup());
    Registry registry;
    Counter& jobs = registry.counter({.name = "jobs", .help = "Jobs done."});
    jobs.inc(3);
    manager.teardown();
    EXPECT_THAT(the_log().text, HasSubstr("metrics stay in Redis"));
    const std::string key = server.cli({"--scan", "--pattern", "app:counter:*:metric:*"});
    EXPECT_EQ(server.cli({"HGET", key, "value"}), "3.0");
  });
}

TEST_F(RedisStorageManagerTest, TakesFactories) {
  in_a_process_of_its_own([] {
    RedisServer server;
    std::shared_ptr<RedisClient> made;
    std::string prefix;
    RedisStorageManager manager([&] { return made = make_redis_client(server.options()); },
                                [&](const std::shared_ptr<RedisClient>& client, const std::string& key_prefix) {
                                  EXPECT_EQ(client, made);
                                  prefix = key_prefix;
                                  return RedisValueClass();
                                },
                                settings_of(server.options()));
    ASSERT_TRUE(manager.setup());
    EXPECT_EQ(manager.get_client(), made);
    EXPECT_EQ(prefix, "app");
    RedisStorageManager failing([&]() -> std::shared_ptr<RedisClient> { return nullptr; }, {},
                                settings_of(server.options()));
    EXPECT_FALSE(failing.setup());
  });
}

TEST_F(RedisStorageManagerTest, CleansUpLiveGaugesOfWritersWithoutALease) {
  in_a_process_of_its_own([] {
    RedisServer server;
    RedisStorageManager manager({}, {}, settings_of(server.options()));
    ASSERT_TRUE(manager.setup());
    for (const std::string writer : {"41", "42"}) {
      server.cli({"SADD", "app:weir:writers", writer});
      server.cli({"HSET", "app:weir:claim:" + writer, "token", "t", "keys", "3"});
      server.cli({"SADD", "app:weir:index:" + writer, "gauge_livesum:00", "gauge_all:00", "counter:00"});
      for (const std::string kind : {"gauge_livesum", "gauge_all", "counter"}) {
        server.cli({"HSET", "app:" + kind + ":" + writer + ":metric:00", "value", "1", "owner", "t"});
        server.cli({"HSET", "app:" + kind + ":" + writer + ":meta:00", "original_key", "[]"});
      }
    }
    server.cli({"SET", "app:weir:lease:41", "x.y"});
    EXPECT_EQ(manager.cleanup_keys(), 1u);
    EXPECT_EQ(server.cli({"EXISTS", "app:gauge_livesum:42:metric:00", "app:gauge_livesum:42:meta:00"}), "0");
    EXPECT_EQ(server.cli({"EXISTS", "app:gauge_livesum:41:metric:00", "app:counter:42:metric:00",
                          "app:gauge_all:42:metric:00", "app:counter:42:meta:00"}),
              "4");
    EXPECT_EQ(server.cli({"HGET", "app:weir:claim:42", "keys"}), "2");
    EXPECT_EQ(manager.cleanup_keys(), 0u);
  });
}

TEST_F(RedisStorageManagerTest, ServesSeveralThreads) {
  in_a_process_of_its_own([] {
    RedisServer server;
    RedisStorageManager manager({}, {}, settings_of(server.options()));
    std::atomic<int> good{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 20; ++i) good += manager.setup() && manager.get_collector() != nullptr ? 1 : 0;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(good, 80);
  });
}

}  // namespace
}  // namespace weir
