#include "redis/cluster_topology.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

namespace weir {
namespace {

using Moved = std::vector<std::pair<std::uint16_t, RedisAddress>>;

const RedisAddress kSeed{"127.0.0.1", 1, ""};  // nobody listens there
const RedisAddress kOther{"127.0.0.1", 2, ""};

RedisOptions options() {
  RedisOptions options;
  options.topology = RedisTopology::cluster;
  options.addresses = {kSeed};
  return options;
}

TEST(ClusterTopology, SaysWhyThereIsNoMap) {
  ClusterTopology topology(options(), std::make_shared<ClientCounters>());
  const std::optional<RedisReply> why = topology.refresh_if_due();
  ASSERT_TRUE(why);
  EXPECT_EQ(why->failure, RedisReply::Failure::connection);
  EXPECT_NE(why->text.find("127.0.0.1:1"), std::string::npos) << why->text;
  EXPECT_TRUE(topology.map()->empty());
  EXPECT_EQ(topology.any_node(), kSeed);
}

TEST(ClusterTopology, FollowsMovedSlotsAtOnceAndItsGenerationRises) {
  ClusterTopology topology(options(), std::make_shared<ClientCounters>());
  const std::uint64_t before = topology.generation();
  topology.move_slots(Moved{{7, kOther}});
  EXPECT_EQ(topology.map()->shard_of(7)->master, kOther);
  const std::uint64_t after = topology.generation();
  EXPECT_GT(after, before);
  topology.move_slots(Moved{{7, kOther}});  // known already
  EXPECT_EQ(topology.generation(), after);
}

TEST(ClusterTopology, KeepsAMapThatCannotBeFetchedAnew) {
  ClusterTopology topology(options(), std::make_shared<ClientCounters>());
  topology.move_slots(Moved{{7, kOther}});
  EXPECT_FALSE(topology.refresh_if_due());
  EXPECT_TRUE(topology.refresh());
  EXPECT_EQ(topology.map()->shard_of(7)->master, kOther);
}

TEST(ClusterTopology, PrefersNodesThatAnswered) {
  ClusterTopology topology(options(), std::make_shared<ClientCounters>());
  topology.move_slots(Moved{{7, kOther}});
  EXPECT_EQ(topology.any_node(), kOther);
  topology.node(kOther);
  topology.set_failing(kOther, true);
  EXPECT_EQ(topology.any_node(), kSeed);
  topology.set_failing(kOther, false);
  EXPECT_EQ(topology.any_node(), kOther);
}

// Not under sanitizers: those of g++ 12 have an allocator whose locks, unlike glibc's, a child may inherit held, and
// then wait for ever.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(ClusterTopology, ForkedChildWaitsForNoLockOfItsParentsThreads) {
  ClusterTopology topology(options(), std::make_shared<ClientCounters>());
  topology.move_slots(Moved{{7, kOther}});
  std::atomic<bool> stop{false};
  std::thread thread([&] {  // holds the lock most of the time
    for (std::uint16_t port = 2; !stop; port = port == 2 ? 3 : 2) topology.move_slots(Moved{{7, {"h", port, ""}}});
  });
  for (int i = 0; i < 500 && !HasFailure(); ++i) {
    const std::uint64_t before = topology.generation();
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(20);
      const bool rises = topology.generation() > before;
      topology.move_slots(Moved{{8, kOther}});
      ::_exit(rises && topology.map()->shard_of(8)->master == kOther ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0) << "fork " << i;
  }
  stop = true;
  thread.join();
}
#endif

}  // namespace
}  // namespace weir
