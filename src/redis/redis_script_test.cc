// Scripts and single commands, against a real redis-server.
#include <gtest/gtest.h>

#include "redis/redis_server_for_test.h"
#include "weir/redis_client.h"
#include "weir/redis_error.h"

namespace weir {
namespace {

using for_test::RedisServer;

const std::vector<std::string> kNothing;

std::string message_of(RedisClientProtocol& client, const RedisCommand& command) {
  try {
    client.command(command);
  } catch (const RedisError& error) {
    return error.what();
  }
  return "";
}

/// How often the server ran a command.
std::string calls_of(const RedisServer& server, const std::string& command) {
  const std::string statistics = server.cli({"INFO", "commandstats"});
  const std::size_t at = statistics.find("cmdstat_" + command + ":calls=");
  if (at == std::string::npos) return "0";
  const std::size_t from = statistics.find('=', at) + 1;
  return statistics.substr(from, statistics.find(',', from) - from);
}

TEST(RedisScript, IsKnownByItsSha1) {
  EXPECT_EQ(RedisScript("return 1").sha(), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
  EXPECT_EQ(RedisScript("").sha(), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

TEST(RedisScript, ACallNamesItsKeysAndIsRepeatable) {
  const RedisScript script("return 1");
  const std::vector<std::string> keys{"k1", "k2"};
  const std::vector<std::string> arguments{"a"};
  const RedisCommand call = script.call(keys, arguments);
  EXPECT_EQ(call.arguments, (std::vector<std::string>{"EVALSHA", script.sha(), "2", "k1", "k2", "a"}));
  EXPECT_TRUE(call.repeatable);
  EXPECT_EQ(script.call(kNothing, kNothing).arguments, (std::vector<std::string>{"EVALSHA", script.sha(), "0"}));
}

TEST(RedisScript, LoadsItselfWhenTheServerForgotIt) {
  RedisServer server;
  const auto client = make_redis_client(server.options());
  const RedisScript script("redis.call('INCRBY', KEYS[1], ARGV[1]) return ARGV[1]");
  std::vector<RedisCommand> calls;
  const std::vector<std::string> keys{"sum"};
  for (int i = 1; i <= 4; ++i) calls.push_back(script.call(keys, std::vector<std::string>{std::to_string(i)}));
  for (int round = 1; round <= 3; ++round) {
    const std::vector<RedisReply> replies = run_scripts(*client, script, calls);
    ASSERT_EQ(replies.size(), 4u);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(replies[i].text, std::to_string(i + 1));
    EXPECT_EQ(server.cli({"GET", "sum"}), std::to_string(10 * round)) << "each ran once";
    if (round == 2) server.cli({"SCRIPT", "FLUSH"});
  }
  EXPECT_EQ(calls_of(server, "eval"), "8") << "by source only when it was forgotten";
}

TEST(RedisScript, OtherErrorsAndOtherScriptsAreLeftAlone) {
  RedisServer server;
  const auto client = make_redis_client(server.options());
  const RedisScript script("return redis.call('INCR', KEYS[1])");
  server.cli({"SET", "text", "x"});
  const std::vector<std::string> text{"text"};
  const std::vector<std::string> number{"number"};
  const std::vector<RedisCommand> calls{script.call(number, kNothing), script.call(text, kNothing),
                                        RedisScript("return 'other'").call(kNothing, kNothing)};
  const std::vector<RedisReply> replies = run_scripts(*client, script, calls);
  ASSERT_EQ(replies.size(), 3u);
  EXPECT_EQ(replies[0].integer, 1);
  EXPECT_TRUE(replies[1].is_error());
  EXPECT_EQ(replies[2].error_code(), "NOSCRIPT");
  EXPECT_TRUE(run_scripts(*client, script, {}).empty());
}

TEST(RedisScript, AnErrorNamesTheLineWhereTheScriptStopped) {
  RedisServer server;
  const auto client = make_redis_client(server.options());
  const RedisScript script("local n = 1\n  redis.call('HSET', KEYS[1], 'n', n)\nreturn n");
  const std::vector<std::string> keys{"hash"};
  const std::vector<RedisCommand> calls{script.call(keys, kNothing)};
  EXPECT_TRUE(run_scripts(*client, script, calls).front().is_good());
  server.cli({"ACL", "SETUSER", "default", "-hset"});
  for (int round = 0; round < 2; ++round) {
    const RedisReply refused = run_scripts(*client, script, calls).front();
    EXPECT_TRUE(refused.is_error());
    EXPECT_TRUE(refused.text.ends_with("(which is: redis.call('HSET', KEYS[1], 'n', n))")) << refused.text;
    server.cli({"SCRIPT", "FLUSH"});
  }
}

TEST(RedisClientProtocol, AFailedCommandNamesItselfItsKeyAndTheServer) {
  RedisServer server;
  const auto client = make_redis_client(server.options());
  client->command({{"SET", "text", "x"}, "", true, false});
  const std::string message = message_of(*client, {{"incr", "text"}, "", false, false});
  for (const std::string& part : {std::string("INCR \"text\""), client->describe(), std::string("not an integer")}) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
  const std::string script =
      message_of(*client, {{"EVAL", "return redis.call('INCR', KEYS[1])", "1", "text"}, "", false, false});
  EXPECT_NE(script.find("EVAL \"text\""), std::string::npos) << script;
  EXPECT_THROW(client->command({{"INCR", "text"}, "", false, false}), RedisReplyError);
  EXPECT_THROW(client->command({{}, "", false, false}), ValueError);
}

TEST(RedisClientProtocol, AFailedCommandShowsNoPassword) {
  RedisServer server;
  const auto client = make_redis_client(server.options());
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"AUTH", "nobody", "hush"},
                                             {"auth", "hush"},
                                             {"HELLO", "3", "AUTH", "nobody", "hush"},
                                             {"CONFIG", "SET", "nothing", "hush"},
                                             {"ACL", "SETUSER", "u", "@hush"}}) {
    const std::string message = message_of(*client, {arguments, "", false, false});
    EXPECT_FALSE(message.empty()) << arguments[0];
    EXPECT_EQ(message.substr(0, message.find(": ")).find("hush"), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace weir
