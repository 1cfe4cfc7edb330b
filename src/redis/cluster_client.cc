// The client of a Redis Cluster: a pipeline is split by node, the parts run at the same time, and what a node sends
// elsewhere (MOVED, ASK), puts off (TRYAGAIN, CLUSTERDOWN, LOADING) or lost is sent again in further rounds.
//
// Commands of one pipeline on the same key are executed in order, except while its slot moves: then a command that was
// redirected may come after a later one that was not. What is still redirected or put off when the rounds end was not
// executed, and is a failure of connection.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "redis/clients.h"
#include "redis/cluster_redirect.h"
#include "redis/cluster_route.h"
#include "redis/cluster_scan.h"
#include "redis/cluster_topology.h"
#include "redis/run_together.h"

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;
using Step = Verdict::Step;

/// A command that still needs its reply, and where it was told to go.
struct Task {
  std::size_t index = 0;             // in the pipeline
  std::optional<RedisAddress> to{};  // nothing: where the map says
  bool asking = false;               // after ASKING
  bool masters_only = false;         // a replica could not answer it
};

struct Part {
  RedisAddress address;
  bool replica = false;
  std::vector<Task> tasks{};
};

class ClusterClient final : public RedisClient {
 public:
  explicit ClusterClient(RedisOptions options)
      : options_(std::move(options)), counters_(std::make_shared<ClientCounters>()), topology_(options_, counters_) {}

  bool ping() override {
    command({{"PING"}, "", true, true});
    return true;
  }
  std::vector<RedisReply> pipeline(std::span<const RedisCommand> commands) override;
  std::uint64_t generation() const override { return topology_.generation(); }
  bool is_cluster() const override { return true; }
  std::string describe() const override { return weir::describe(options_); }
  RedisClientStatistics statistics() const override { return counters_->read(); }
  std::vector<RedisReply> on_every_master(const RedisCommand& command) override;
  std::vector<std::string> scan_keys(const std::string& pattern, std::size_t count) override {
    return scan_cluster(topology_, pattern, count);
  }

 private:
  std::vector<Part> split(std::span<const RedisCommand> commands, const std::vector<Task>& tasks);
  void exchange(const Part& part, std::span<const RedisCommand> commands, std::span<RedisReply> replies);
  std::vector<Task> look_through(const std::vector<Part>& parts, std::span<const RedisCommand> commands,
                                 std::span<const RedisReply> replies);

  const RedisOptions options_;
  const std::shared_ptr<ClientCounters> counters_;
  ClusterTopology topology_;
  /// Beside the pid it spreads clients over the replicas: in containers every process may be number 1.
  const std::size_t made_at_ = static_cast<std::size_t>(Clock::now().time_since_epoch().count());
};

void give_up(const std::vector<Task>& tasks, std::span<RedisReply> replies, int rounds) {
  for (const Task& task : tasks) {
    RedisReply& reply = replies[task.index];
    if (reply.is_failure()) continue;
    reply = RedisReply::make_failure(RedisReply::Failure::connection,
                                     fmt::format("not executed, {} times: {}", rounds, reply.text));
  }
}

std::vector<RedisReply> ClusterClient::pipeline(std::span<const RedisCommand> commands) {
  std::vector<RedisReply> replies(commands.size());
  std::vector<Task> tasks(commands.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) tasks[i].index = i;
  RedirectBudget budget(Clock::now(), options_.reply_timeout);
  while (!tasks.empty()) {
    if (const std::optional<RedisReply> why = topology_.refresh_if_due()) {
      for (const Task& task : tasks) replies[task.index] = *why;
      break;
    }
    const std::vector<Part> parts = split(commands, tasks);
    run_together(parts.size(), [&](std::size_t i) { exchange(parts[i], commands, replies); });
    tasks = look_through(parts, commands, replies);
    if (tasks.empty()) break;
    const bool must_wait =
        std::none_of(tasks.begin(), tasks.end(), [](const Task& task) { return task.to.has_value(); });
    const std::optional<std::chrono::milliseconds> pause = budget.next(must_wait, Clock::now());
    if (!pause) {
      give_up(tasks, replies, budget.rounds());
      break;
    }
    std::this_thread::sleep_for(*pause);
  }
  return replies;
}

std::vector<Part> ClusterClient::split(std::span<const RedisCommand> commands, const std::vector<Task>& tasks) {
  const std::shared_ptr<const SlotMap> map = topology_.map();
  const RedisAddress any = topology_.any_node();
  // It stays with its replicas: values read from another one could be older than those before.
  const std::size_t choice = made_at_ + static_cast<std::size_t>(::getpid());
  std::map<std::pair<RedisAddress, bool>, Part> parts;
  for (const Task& task : tasks) {
    const RedisCommand& command = commands[task.index];
    const RedisAddress* address = &any;
    bool replica = false;
    if (task.to) {
      address = &*task.to;
    } else if (const std::optional<std::string_view> key = routing_key(command)) {
      if (const ClusterShard* shard = map->shard_of(key_slot(*key))) {
        replica = options_.read_from_replicas && command.reads && !task.masters_only && !shard->replicas.empty();
        address = replica ? &shard->replicas[choice % shard->replicas.size()] : &shard->master;
      }  // else: any node says CLUSTERDOWN, or who serves the slot by now
    }
    Part& part = parts.try_emplace({*address, replica}, Part{*address, replica}).first->second;
    part.tasks.push_back(task);
  }
  std::vector<Part> result;
  result.reserve(parts.size());
  for (auto& [key, part] : parts) result.push_back(std::move(part));
  return result;
}

void ClusterClient::exchange(const Part& part, std::span<const RedisCommand> commands, std::span<RedisReply> replies) {
  // Both are harmless twice, and must not be the reason for a command not to be sent again.
  const RedisCommand asking{{"ASKING"}, "", true, false};
  const RedisCommand read_only{{"READONLY"}, "", true, false};
  std::vector<const RedisCommand*> sent;
  std::vector<std::size_t> places;
  places.reserve(part.tasks.size());
  if (part.replica) sent.push_back(&read_only);  // each time: the connection may be new, or have been a master's
  for (const Task& task : part.tasks) {
    if (task.asking) sent.push_back(&asking);
    places.push_back(sent.size());
    sent.push_back(&commands[task.index]);
  }
  std::vector<RedisReply> received(sent.size());
  topology_.node(part.address)->exchange(sent, received);
  topology_.set_failing(part.address, received.back().is_failure());
  for (std::size_t i = 0; i < places.size(); ++i) replies[part.tasks[i].index] = std::move(received[places[i]]);
}

std::vector<Task> ClusterClient::look_through(const std::vector<Part>& parts, std::span<const RedisCommand> commands,
                                              std::span<const RedisReply> replies) {
  std::vector<Task> again;
  std::vector<std::pair<std::uint16_t, RedisAddress>> moved;
  bool map_is_old = false;
  for (const Part& part : parts) {
    for (const Task& task : part.tasks) {
      const Verdict verdict = judge(replies[task.index], commands[task.index], part.address);
      map_is_old = map_is_old || verdict.map_is_old;
      if (verdict.step == Step::keep) continue;
      Task next{.index = task.index, .masters_only = true};
      if (verdict.step != Step::wait) next.to = verdict.to;
      next.asking = verdict.step == Step::ask;
      if (verdict.step == Step::moved) moved.emplace_back(verdict.slot, verdict.to);
      again.push_back(std::move(next));
    }
  }
  if (map_is_old) topology_.mark_old();
  topology_.move_slots(moved);
  std::sort(again.begin(), again.end(), [](const Task& a, const Task& b) { return a.index < b.index; });
  return again;
}

std::vector<RedisReply> ClusterClient::on_every_master(const RedisCommand& command) {
  if (const std::optional<RedisReply> why = topology_.refresh_if_due()) return {*why};
  const std::vector<RedisAddress> masters = topology_.map()->masters();
  std::vector<RedisReply> replies(masters.size());
  run_together(masters.size(), [&](std::size_t i) {
    const RedisCommand* sent = &command;
    topology_.node(masters[i])->exchange({&sent, 1}, {&replies[i], 1});
    topology_.set_failing(masters[i], replies[i].is_failure());
    if (replies[i].is_failure()) topology_.mark_old();
  });
  return replies;
}

}  // namespace

std::shared_ptr<RedisClient> make_cluster_client(RedisOptions options) {
  return std::make_shared<ClusterClient>(std::move(options));
}

}  // namespace weir
