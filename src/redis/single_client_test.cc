#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redis/clients.h"
#include "redis/connections_for_test.h"
#include "redis/redis_server_for_test.h"
#include "weir/redis_client.h"

namespace weir {
namespace {

using for_test::RedisServer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

RedisCommand write(std::vector<std::string> words) { return {std::move(words), {}, false, false}; }

TEST(SingleClient, PingsOrSaysWhyNot) {
  RedisServer server;
  const auto client = make_single_client(server.options());
  EXPECT_TRUE(client->ping());
  server.kill();
  EXPECT_THROW(client->ping(), RedisConnectionError);
  RedisServer locked({.password = "secret"});
  RedisOptions options = locked.options();
  options.password = Secret("barley");
  EXPECT_THROW(make_single_client(options)->ping(), RedisAuthenticationError);
}

TEST(SingleClient, AnswersAPipelineInOrder) {
  RedisServer server;
  const auto client = make_single_client(server.options());
  std::vector<RedisCommand> commands;
  for (int i = 0; i < 1000; ++i) commands.push_back(write({"INCR", "a"}));
  const std::vector<RedisReply> replies = client->pipeline(commands);
  ASSERT_EQ(replies.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(replies[static_cast<std::size_t>(i)].integer, i + 1);
  EXPECT_TRUE(client->pipeline({}).empty());
  EXPECT_FALSE(client->is_cluster());
}

TEST(SingleClient, AnErrorIsThrownByCommandAndReturnedByPipeline) {
  RedisServer server;
  const auto client = make_single_client(server.options());
  client->command(write({"SET", "a", "x"}));
  const RedisCommand push = write({"LPUSH", "a", "1"});
  EXPECT_THROW(client->command(push), RedisReplyError);
  EXPECT_EQ(client->pipeline({&push, 1})[0].error_code(), "WRONGTYPE");
  EXPECT_EQ(client->statistics().errors_replied, 2u);
}

TEST(SingleClient, ScansEveryKeyThatMatches) {
  RedisServer server;
  const auto client = make_single_client(server.options());
  std::vector<RedisCommand> commands;
  for (int i = 0; i < 3000; ++i) commands.push_back(write({"SET", "weir:" + std::to_string(i), "1"}));
  commands.push_back(write({"SET", "other", "1"}));
  client->pipeline(commands);
  EXPECT_EQ(client->scan_keys("weir:*", 100).size(), 3000u);
  EXPECT_THAT(client->scan_keys("oth*"), ElementsAre("other"));
  EXPECT_TRUE(client->scan_keys("nothing*").empty());
  server.kill();
  EXPECT_THROW(client->scan_keys("weir:*"), RedisConnectionError);
}

TEST(SingleClient, GoesToOneMaster) {
  RedisServer server;
  const auto client = make_single_client(server.options());
  const auto replies = client->on_every_master(write({"DBSIZE"}));
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].kind, RedisReply::Kind::integer);
}

TEST(SingleClient, TheGenerationRisesWhenTheServerWasAway) {
  RedisServer server;
  const auto client = make_single_client(server.options());
  client->ping();
  const std::uint64_t before = client->generation();
  client->ping();
  EXPECT_EQ(client->generation(), before);
  server.restart();
  client->ping();
  EXPECT_GT(client->generation(), before);
}

TEST(SingleClient, AReadOnlyReplicaIsLeft) {
  RedisServer master;
  RedisServer replica({.arguments = {"--replicaof", "127.0.0.1 " + std::to_string(master.port())}});
  const auto client = make_single_client(replica.options());
  client->ping();
  const RedisCommand set = write({"SET", "a", "1"});
  EXPECT_EQ(client->pipeline({&set, 1})[0].error_code(), "READONLY");
  const std::uint64_t before = client->generation();
  client->ping();
  EXPECT_GT(client->generation(), before);
}

TEST(SingleClient, DescribesItselfWithoutThePassword) {
  RedisServer server({.password = "open-sesame"});
  const auto client = make_single_client(server.options());
  EXPECT_THAT(client->describe(), HasSubstr(server.host_and_port()));
  EXPECT_THAT(client->describe(), Not(HasSubstr("sesame")));
}

}  // namespace
}  // namespace weir
