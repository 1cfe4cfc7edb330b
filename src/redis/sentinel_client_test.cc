// Against real redis-server and redis-sentinel processes.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "redis/clients.h"
#include "redis/redis_cluster_for_test.h"
#include "weir/redis_error.h"

namespace weir {
namespace {

using for_test::RedisSentinelSetup;
using for_test::RedisServer;
using for_test::wait_until;

RedisCommand set(const std::string& key, const std::string& value) { return {{"SET", key, value}, "", true, false}; }
RedisCommand get(const std::string& key) { return {{"GET", key}, "", true, true}; }

std::string role_of(const RedisServer& server) { return server.cli({"ROLE"}).substr(0, 6); }

/// Those of the setup, without routine questions: what a test sees followed is followed for a reason.
RedisOptions options_without_routine(const RedisSentinelSetup& setup) {
  RedisOptions options = setup.options();
  options.health_check_interval = std::chrono::hours(1);
  return options;
}

/// Tries until the client works again; a failover takes seconds, each call at most the reply timeout.
bool works_again(RedisClient& client, const std::string& key) {
  return wait_until([&] { return client.pipeline(std::vector{set(key, "again")})[0].is_good(); });
}

TEST(SentinelClient, FindsTheMaster) {
  RedisSentinelSetup setup;
  const auto client = make_sentinel_client(setup.options());
  EXPECT_TRUE(client->ping());
  client->command(set("key", "value"));
  EXPECT_EQ(client->command(get("key")).text, "value");
  EXPECT_EQ(setup.master().cli({"GET", "key"}), "value");
  EXPECT_EQ(client->describe(), setup.url());
  EXPECT_FALSE(client->is_cluster());
  EXPECT_EQ(client->on_every_master({{"DBSIZE"}, "", true, true}).at(0).integer, 1);
  const std::uint64_t generation = client->generation();
  client->ping();
  EXPECT_EQ(client->generation(), generation) << "nothing happened";
}

TEST(SentinelClient, FindsEveryKey) {
  RedisSentinelSetup setup(1);
  const auto client = make_sentinel_client(setup.options());
  std::vector<RedisCommand> commands;
  for (int i = 0; i < 500; ++i) commands.push_back(set("key:" + std::to_string(i), "1"));
  commands.push_back(set("other", "1"));
  client->pipeline(commands);
  EXPECT_EQ(client->scan_keys("key:*", 10).size(), 500u);
}

TEST(SentinelClient, FollowsAFailoverWhenTheMasterIsKilled) {
  RedisSentinelSetup setup;
  const auto client = make_sentinel_client(options_without_routine(setup));
  client->command(set("before", "1"));
  ASSERT_TRUE(wait_until([&] { return setup.replica().cli({"GET", "before"}) == "1"; }));
  const std::uint64_t generation = client->generation();
  setup.master().kill();
  ASSERT_TRUE(works_again(*client, "after")) << setup.log();
  EXPECT_EQ(setup.replica().cli({"GET", "after"}), "again");
  EXPECT_EQ(client->command(get("before")).text, "1");
  EXPECT_GT(client->generation(), generation);
}

TEST(SentinelClient, FollowsAFailoverWhenTheMasterHangs) {
  RedisSentinelSetup setup;
  RedisOptions options = options_without_routine(setup);
  options.connect_timeout = options.reply_timeout = std::chrono::milliseconds(1000);
  const auto client = make_sentinel_client(options);
  client->ping();
  setup.master().pause();
  EXPECT_TRUE(works_again(*client, "after")) << setup.log();
  EXPECT_EQ(setup.replica().cli({"GET", "after"}), "again");
  setup.master().resume();
}

// Every command is acknowledged or named as failed; what was acknowledged by a master that steps down in order stays.
TEST(SentinelClient, AnOrderlyFailoverUnderLoadCostsNoReply) {
  RedisSentinelSetup setup;
  RedisOptions options = options_without_routine(setup);
  options.reply_timeout = std::chrono::seconds(20);
  const auto client = make_sentinel_client(options);
  client->ping();
  std::atomic<bool> stop{false};
  std::atomic<int> done{0};
  std::atomic<int> failed{0};
  std::thread load([&] {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(3);
    for (int i = 0; !stop && std::chrono::steady_clock::now() < end; ++i) {
      const auto replies = client->pipeline(std::vector{set("a" + std::to_string(i % 1000), "1"), set("last", "1")});
      for (const RedisReply& reply : replies) failed += reply.is_good() ? 0 : 1;
      ++done;
    }
  });
  ASSERT_TRUE(wait_until([&] { return done > 100; }));
  EXPECT_EQ(setup.sentinel(0).cli({"SENTINEL", "FAILOVER", "mymaster"}), "OK");
  EXPECT_TRUE(wait_until([&] { return role_of(setup.replica()) == "master" && role_of(setup.master()) == "slave\n"; }))
      << setup.log();
  const int before = done;
  EXPECT_TRUE(wait_until([&] { return done > before + 100; }));
  stop = true;
  load.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(setup.replica().cli({"GET", "last"}), "1");
}

TEST(SentinelClient, AMasterThatBecameAReplicaIsLeft) {
  RedisSentinelSetup setup;
  const auto client = make_sentinel_client(options_without_routine(setup));
  client->command(set("key", "value"));
  ASSERT_EQ(setup.sentinel(0).cli({"SENTINEL", "FAILOVER", "mymaster"}), "OK");
  const std::string port = std::to_string(setup.replica().port());
  for (std::size_t i = 0; i < 3; ++i) {
    const auto names_it = [&] {
      const std::string named = setup.sentinel(i).cli({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster"});
      return named == "127.0.0.1\n" + port;
    };
    ASSERT_TRUE(wait_until(names_it)) << setup.log();
  }
  // As Sentinels do seconds later, but our connection stays: the first command is refused.
  ASSERT_EQ(setup.master().cli({"REPLICAOF", "127.0.0.1", port}), "OK");
  // Not even repeatable commands fail: one refused as READONLY was not executed.
  const RedisReply reply = client->pipeline(std::vector<RedisCommand>{{{"INCR", "n"}, "", false, false}})[0];
  EXPECT_TRUE(reply.is_good() || reply.is_failure()) << reply.text;
  ASSERT_TRUE(works_again(*client, "after")) << setup.log();
  EXPECT_EQ(setup.replica().cli({"GET", "after"}), "again");
}

TEST(SentinelClient, SentinelsThatAreGoneAreSkipped) {
  RedisSentinelSetup setup;
  setup.sentinel(0).kill();
  setup.sentinel(1).pause();
  const auto client = make_sentinel_client(setup.options());
  EXPECT_TRUE(client->ping());
  setup.sentinel(1).resume();
}

TEST(SentinelClient, AKnownMasterIsKeptWhileNoSentinelAnswers) {
  RedisSentinelSetup setup(1);
  RedisOptions options = setup.options();
  options.health_check_interval = std::chrono::milliseconds(0);
  const auto client = make_sentinel_client(options);
  client->ping();
  setup.sentinel(0).kill();
  setup.master().restart();
  EXPECT_TRUE(works_again(*client, "key"));
  EXPECT_EQ(setup.master().cli({"GET", "key"}), "again");
}

TEST(SentinelClient, WithoutAnySentinelItFailsAtOnceAndSaysWhichWereAsked) {
  RedisOptions options;
  options.topology = RedisTopology::sentinel;
  options.master_name = "mymaster";
  options.password = Secret("hush");
  options.addresses = {{"127.0.0.1", for_test::free_port(), ""}, {"127.0.0.1", for_test::free_port(), ""}};
  try {
    make_sentinel_client(options)->ping();
    ADD_FAILURE();
  } catch (const RedisConnectionError& error) {
    const std::string message = error.what();
    for (const RedisAddress& address : options.addresses) {
      EXPECT_NE(message.find(to_string(address)), std::string::npos) << message;
    }
    EXPECT_NE(message.find("mymaster"), std::string::npos) << message;
    EXPECT_EQ(message.find("hush"), std::string::npos) << message;
  }
}

TEST(SentinelClient, AnUnknownMasterIsNamed) {
  RedisSentinelSetup setup(1);
  RedisOptions options = setup.options();
  options.master_name = "theirs";
  try {
    make_sentinel_client(options)->ping();
    ADD_FAILURE();
  } catch (const RedisConnectionError& error) {
    EXPECT_NE(std::string(error.what()).find("no master \"theirs\""), std::string::npos) << error.what();
  }
}

TEST(SentinelClient, GivesSentinelsThePasswordOnlyWhenTheyAskForOne) {
  RedisSentinelSetup setup(1);
  setup.master().cli({"CONFIG", "SET", "requirepass", "hush"});
  setup.sentinel(0).cli({"SENTINEL", "SET", "mymaster", "auth-pass", "hush"});
  RedisOptions options = setup.options();
  options.password = Secret("hush");
  EXPECT_TRUE(make_sentinel_client(options)->ping()) << "a Sentinel without password";
  setup.sentinel(0).cli({"CONFIG", "SET", "requirepass", "hush"});
  setup.sentinel(0).cli({"ACL", "SETUSER", "default", "resetpass", ">hush"});
  EXPECT_NE(setup.sentinel(0).cli({"PING"}), "PONG") << "the Sentinel wants a password now";
  EXPECT_TRUE(make_sentinel_client(options)->ping()) << "a Sentinel with the same password";
  options.password = Secret("wrong!");
  try {
    make_sentinel_client(options)->ping();
    ADD_FAILURE();
  } catch (const RedisAuthenticationError& error) {
    EXPECT_EQ(std::string(error.what()).find("wrong!"), std::string::npos) << error.what();
  }
}

TEST(SentinelClient, AWrongPasswordOfTheMasterIsAnAuthenticationError) {
  RedisSentinelSetup setup(1);
  setup.master().cli({"CONFIG", "SET", "requirepass", "hush"});
  EXPECT_THROW(make_sentinel_client(setup.options())->ping(), RedisAuthenticationError);
}

TEST(SentinelClient, ReadsGoToAReplicaWhenAskedTo) {
  RedisSentinelSetup setup(1);
  RedisOptions options = setup.options();
  options.read_from_replicas = true;
  const auto client = make_sentinel_client(options);
  client->command(set("key", "value"));
  ASSERT_TRUE(wait_until([&] { return setup.replica().cli({"GET", "key"}) == "value"; }));
  setup.replica().cli({"CONFIG", "RESETSTAT"});
  const auto reads_replica = [&] {
    EXPECT_EQ(client->command(get("key")).text, "value");
    return setup.replica().cli({"INFO", "commandstats"}).find("cmdstat_get:") != std::string::npos;
  };
  // The Sentinel may call the replica's link to its master broken until it asked again, 10 s later.
  EXPECT_TRUE(wait_until(reads_replica));
  setup.replica().kill();
  EXPECT_EQ(client->command(get("key")).text, "value") << "the master answers when the replica is gone";
}

TEST(SentinelClient, AForkedChildConnectsAnew) {
  RedisSentinelSetup setup(1);
  const auto client = make_sentinel_client(setup.options());
  client->command(set("key", "value"));
  const std::uint64_t generation = client->generation();
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    const bool fine = client->command(get("key")).text == "value" && client->generation() > generation;
    ::_exit(fine ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(client->command(get("key")).text, "value");
  EXPECT_EQ(client->generation(), generation);
}

}  // namespace
}  // namespace weir
