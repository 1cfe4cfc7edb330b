#include "redis/cluster_route.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

std::string key_of(std::vector<std::string> arguments, std::string route_key = "") {
  const RedisCommand command{std::move(arguments), std::move(route_key)};
  const std::optional<std::string_view> key = routing_key(command);
  return key ? std::string(*key) : "(none)";
}

TEST(ClusterRoute, IsTheRouteKeyWhenThereIsOne) {
  EXPECT_EQ(key_of({"GET", "a"}, "b"), "b");
  EXPECT_EQ(key_of({"SCRIPT", "LOAD", "return 1"}, "b"), "b");
}

TEST(ClusterRoute, IsTheFirstArgumentOfMostCommands) {
  EXPECT_EQ(key_of({"HGET", "a", "field"}), "a");
  EXPECT_EQ(key_of({"del", "a", "b"}), "a");
}

TEST(ClusterRoute, IsTheFirstKeyOfScripts) {
  EXPECT_EQ(key_of({"EVALSHA", "sha", "2", "a", "b"}), "a");
  EXPECT_EQ(key_of({"eval", "return 1", "1", "a"}), "a");
  EXPECT_EQ(key_of({"EVAL_RO", "return 1", "1", "a"}), "a");
  EXPECT_EQ(key_of({"EVALSHA_RO", "sha", "1", "a"}), "a");
  EXPECT_EQ(key_of({"EVAL", "return 1", "0", "no key"}), "(none)");
  EXPECT_EQ(key_of({"EVAL", "return 1"}), "(none)");
}

TEST(ClusterRoute, IsTheSecondArgumentAfterASubcommand) {
  EXPECT_EQ(key_of({"OBJECT", "ENCODING", "a"}), "a");
  EXPECT_EQ(key_of({"MEMORY", "USAGE", "a"}), "a");
  EXPECT_EQ(key_of({"MEMORY", "STATS"}), "(none)");
}

TEST(ClusterRoute, IsNoneForCommandsWithoutKeys) {
  EXPECT_EQ(key_of({}), "(none)");
  EXPECT_EQ(key_of({"PING"}), "(none)");
  EXPECT_EQ(key_of({"scan", "0"}), "(none)");
  EXPECT_EQ(key_of({"SCRIPT", "LOAD", "return 1"}), "(none)");
  EXPECT_EQ(key_of({"INFO", "memory"}), "(none)");
}

}  // namespace
}  // namespace weir
