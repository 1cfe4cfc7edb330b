// Real Redis Clusters and Sentinel set-ups for tests; see redis_server_for_test.h.
//
//   RedisCluster cluster;                                          // 3 masters, all slots served
//   cluster.node(0).kill();
//   RedisSentinelSetup setup;                                      // a master, a replica, 3 sentinels
//   setup.master().kill();                                         // … and the replica is promoted after 2 s or so
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "redis/redis_server_for_test.h"

namespace weir::for_test {

/// Waits until `condition` holds, for 60 s at most; whether it does.
inline bool wait_until(const std::function<bool()>& condition, int seconds = 60) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    ::usleep(20'000);
  }
  return condition();
}

class RedisCluster {
 public:
  explicit RedisCluster(std::size_t masters = 3, std::size_t replicas_each = 0, RedisServerOptions options = {}) {
    options.arguments.insert(options.arguments.end(), {"--cluster-enabled", "yes", "--cluster-node-timeout", "2000"});
    std::vector<std::string> create{"--cluster", "create"};
    for (std::size_t i = 0; i < masters * (1 + replicas_each); ++i) {
      nodes_.push_back(std::make_unique<RedisServer>(options));
      create.push_back(nodes_.back()->host_and_port());
    }
    create.insert(create.end(), {"--cluster-replicas", std::to_string(replicas_each), "--cluster-yes"});
    const std::string said = nodes_[0]->cli(create);
    if (!wait_until([&] { return is_ok(); })) throw std::runtime_error("the cluster does not come up: " + said);
  }
  /// Nodes in the order made: with replicas, redis-cli makes the first `masters` of them masters.
  RedisServer& node(std::size_t i) { return *nodes_.at(i); }
  std::size_t size() const { return nodes_.size(); }
  std::string url() const { return "redis+cluster://" + nodes_[0]->host_and_port(); }
  RedisOptions options() const {
    RedisOptions result = nodes_[0]->options();
    result.topology = RedisTopology::cluster;
    result.addresses.clear();
    for (const auto& node : nodes_) result.addresses.push_back(node->address());
    return result;
  }
  /// True when every node says that all slots are served.
  bool is_ok() const {
    for (const auto& node : nodes_) {
      if (node->cli({"CLUSTER", "INFO"}).find("cluster_state:ok") == std::string::npos) return false;
    }
    return true;
  }

 private:
  std::vector<std::unique_ptr<RedisServer>> nodes_;
};

/// One redis-sentinel that watches `master` under the name `mymaster`.
class RedisSentinel {
 public:
  RedisSentinel(const RedisServer& master, int quorum) : port_(free_port()) {
    const std::string port = std::to_string(port_);
    std::ofstream(dir_ / "sentinel.conf")
        << "port " << port << "\nbind 127.0.0.1\ndir " << dir_.path() << "\nsentinel monitor mymaster 127.0.0.1 "
        << master.port() << " " << quorum << "\nsentinel down-after-milliseconds mymaster 1000\n"
        << "sentinel failover-timeout mymaster 4000\n";
    process_.start({"redis-server", dir_ / "sentinel.conf", "--sentinel"}, dir_ / "log");
    if (!wait_until([&] { return cli({"PING"}) == "PONG"; })) throw std::runtime_error("redis-sentinel does not start");
    // A machine that stood still for 2 s does not keep it from failovers for 30 s. What it does not know (a Redis
    // before 7) only takes longer.
    cli({"SENTINEL", "DEBUG", "TILT-TRIGGER", "60000", "INFO-PERIOD", "300", "ASK-PERIOD", "200"});
    set_publish_period(100);
  }
  /// How often it tells the others what it knows. It leaves a server in the wrong role for four times as long, and must
  /// hear within that of another's failover: else it undoes it.
  void set_publish_period(int milliseconds) {
    cli({"SENTINEL", "DEBUG", "PUBLISH-PERIOD", std::to_string(milliseconds)});
  }
  std::uint16_t port() const { return port_; }
  std::string cli(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"redis-cli", "-p", std::to_string(port_)});
    return run_program(arguments).second;
  }
  void kill() { process_.kill(); }
  void pause() { process_.signal(SIGSTOP); }
  void resume() { process_.signal(SIGCONT); }
  std::string log() const {
    std::ostringstream text;
    text << std::ifstream(dir_ / "log").rdbuf();
    return text.str();
  }

 private:
  std::uint16_t port_;
  TempDir dir_;
  ChildProcess process_;
};

class RedisSentinelSetup {
 public:
  explicit RedisSentinelSetup(std::size_t sentinels = 3) {
    servers_.push_back(std::make_unique<RedisServer>());
    const std::string port = std::to_string(master().port());
    servers_.push_back(
        std::make_unique<RedisServer>(RedisServerOptions{.arguments = {"--replicaof", "127.0.0.1 " + port}}));
    const int quorum = static_cast<int>(sentinels / 2 + 1);
    for (std::size_t i = 0; i < sentinels; ++i) {
      sentinels_.push_back(std::make_unique<RedisSentinel>(master(), quorum));
    }
    if (!wait_until([&] { return is_ready(); })) throw std::runtime_error("the sentinels do not know the replica");
    for (const auto& sentinel : sentinels_) sentinel->set_publish_period(750);
  }
  /// The master at the start; afterwards it may be a replica.
  RedisServer& master() { return *servers_[0]; }
  RedisServer& replica() { return *servers_[1]; }
  RedisSentinel& sentinel(std::size_t i) { return *sentinels_.at(i); }
  /// What the Sentinels did and why, for the words of a test that failed.
  std::string log() const {
    std::string text;
    for (const auto& sentinel : sentinels_) text += "\n---- Sentinel\n" + sentinel->log();
    return text;
  }
  RedisOptions options() const {
    RedisOptions result;
    result.topology = RedisTopology::sentinel;
    result.master_name = "mymaster";
    result.addresses.clear();
    for (const auto& sentinel : sentinels_) result.addresses.push_back({"127.0.0.1", sentinel->port(), ""});
    return result;
  }
  std::string url() const {
    std::string hosts;
    for (const auto& sentinel : sentinels_) {
      hosts += (hosts.empty() ? "127.0.0.1:" : ",127.0.0.1:") + std::to_string(sentinel->port());
    }
    return "redis+sentinel://" + hosts + "/mymaster/0";
  }

 private:
  bool is_ready() const {
    if (servers_[0]->cli({"INFO", "replication"}).find("state=online") == std::string::npos) return false;
    for (const auto& sentinel : sentinels_) {
      const std::string state = sentinel->cli({"SENTINEL", "MASTER", "mymaster"});
      const auto has = [&](const std::string& field, std::size_t value) {
        return state.find(field + "\n" + std::to_string(value) + "\n") != std::string::npos;
      };
      if (!has("num-slaves", 1) || !has("num-other-sentinels", sentinels_.size() - 1)) return false;
    }
    return true;
  }

  std::vector<std::unique_ptr<RedisServer>> servers_;
  std::vector<std::unique_ptr<RedisSentinel>> sentinels_;
};

}  // namespace weir::for_test
