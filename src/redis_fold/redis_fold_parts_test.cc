// Folding a large writer in parts: real servers, folders that are killed between two calls.
#include <thread>

#include "redis/forwarding_client_for_test.h"
#include "redis_fold/redis_fold_for_test.h"
#include "weir/error.h"

namespace weir {
namespace {

using for_test::RedisFoldTest;
using for_test::ServerWithKeys;
using for_test::Shown;

/// A client that answers `calls` times and is gone then, as if its process had been killed.
class Mortal final : public for_test::ForwardingClient {
 public:
  Mortal(std::shared_ptr<RedisClient> client, int calls) : ForwardingClient(std::move(client)), left_(calls) {}
  std::vector<RedisReply> pipeline(std::span<const RedisCommand> commands) override {
    if (left_-- <= 0) throw RedisConnectionError("killed");
    return ForwardingClient::pipeline(commands);
  }
  bool has_died() const { return left_ < 0; }

 private:
  int left_;
};

class LargeWriter : public RedisFoldTest {
 protected:
  static constexpr int kValues = 1100;  // three scripts
  void large_dead(const std::string& writer) {
    dead(writer);
    std::vector<RedisCommand> commands;
    const auto add = [&](std::vector<std::string> arguments) {
      commands.push_back({std::move(arguments), {}, false, false});
    };
    for (int i = 0; i < kValues; ++i) {
      const std::string json = ServerWithKeys::key_of("big", "big_total", {{"i", std::to_string(i)}});
      const std::string hash = md5_hex(json);
      add({"HSET", redis.keys().metric("counter", writer, hash), "value", std::to_string(i), "timestamp", "0", "owner",
           "token-of-" + writer});
      add({"HSET", redis.keys().meta("counter", writer, hash), "original_key", json, "typ", "counter",
           "multiprocess_mode", ""});
      add({"SADD", redis.keys().index(writer), "counter:" + hash});
    }
    add({"HSET", redis.keys().claim(writer), "keys", std::to_string(kValues)});
    for (const RedisReply& reply : redis.client()->pipeline(commands)) reply.throw_if_bad("test");
  }
  std::string token(const std::string& writer) { return redis.run({"HGET", redis.keys().claim(writer), "token"}).text; }
};

TEST_F(LargeWriter, IsFoldedPartByPart) {
  large_dead("101");
  const Shown before = shown();
  ASSERT_EQ(before.size(), static_cast<std::size_t>(kValues));
  const FoldReport report = fold_now();
  EXPECT_EQ(report.sources, 1U);
  EXPECT_EQ(report.entries, static_cast<std::size_t>(kValues));
  EXPECT_EQ(report.under_way, 0U);
  EXPECT_EQ(shown(), before);
  EXPECT_EQ(keys_like("gunicorn:*:101*"), 1U);  // the tombstone
  EXPECT_EQ(redis.run({"HLEN", redis.keys().tomb("101")}).integer, kValues + 1);
}

TEST_F(LargeWriter, KilledBetweenAnyTwoCallsChangesNoTotalAndIsFinishedByAnother) {
  fold_now();  // the server is calm from now on
  Shown expected;
  int sealed = 0;
  for (int calls = 0;; ++calls) {
    const std::string writer = std::to_string(200 + calls);
    large_dead(writer);
    for (int i = 0; i < kValues; ++i) expected["big_total{i=\"" + std::to_string(i) + "\"}"] += i;
    const auto mortal = std::make_shared<Mortal>(redis.client(), calls);
    try {
      RedisFold(mortal, {}).fold();
    } catch (const RedisConnectionError&) {
    }
    ASSERT_EQ(shown(), expected) << calls;
    const bool is_sealed = token(writer) == "sealed";
    sealed += is_sealed ? 1 : 0;
    // Whoever wrote it finds a tombstone from the moment its claim is not its own any more, and a whole one.
    EXPECT_EQ(redis.run({"HLEN", redis.keys().tomb(writer)}).integer,
              is_sealed || token(writer).empty() ? kValues + 1 : 0)
        << calls;
    const bool is_gone = token(writer).empty() && !is_sealed;  // asked before the next fold
    EXPECT_EQ(fold_now().sources, is_gone ? 0U : 1U) << calls;
    ASSERT_EQ(shown(), expected) << calls;
    if (!mortal->has_died()) break;
    ASSERT_LT(calls, 100);
  }
  EXPECT_GT(sealed, 3);
}

TEST_F(LargeWriter, OneThatSaidGoodbyeHasNoTombstone) {
  large_dead("101");
  redis.run({"HSET", redis.keys().claim("101"), "goodbye", "1"});
  const Shown before = shown();
  EXPECT_EQ(fold_now().sources, 1U);
  EXPECT_EQ(shown(), before);
  EXPECT_EQ(keys_like("gunicorn:*:101*"), 0U);
}

TEST_F(LargeWriter, TwoFoldersAtOnceMoveEachValueOnce) {
  large_dead("101");
  const Shown before = shown();
  fold_now();
  large_dead("102");
  Shown twice = before;
  for (auto& [series, value] : twice) value *= 2;
  std::vector<std::thread> folders;
  for (int i = 0; i < 2; ++i) {
    folders.emplace_back([&] { fold_now({}, make_redis_client(redis.server().options())); });
  }
  for (std::thread& folder : folders) folder.join();
  fold_now();
  EXPECT_EQ(shown(), twice);
  EXPECT_TRUE(token("102").empty());
}

}  // namespace
}  // namespace weir
