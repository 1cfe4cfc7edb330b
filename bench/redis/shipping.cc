// Commands and bytes that shipping costs, by `INFO commandstats` and `INFO stats`: what scripts call is counted too.
#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <sstream>
#include <thread>
#include <vector>

#include "harness/report.h"
#include "redis/jobs.h"
#include "redis/redis_server_for_test.h"
#include "weir/redis_collector.h"
#include "weir/redis_storage.h"
#include "weir/registry.h"

namespace weir::bench {
namespace {

constexpr std::size_t kSeries = 10'000;
constexpr std::chrono::seconds kLong{30};

struct Work {
  double commands = 0;
  double bytes = 0;
};

double number_after(const std::string& line, const std::string& what) {
  const std::size_t at = line.find(what);
  return at == std::string::npos ? 0 : std::strtod(line.c_str() + at + what.size(), nullptr);
}

/// Since the server began; our own questions left out.
Work work_of(RedisClient& client) {
  Work work;
  std::istringstream commands(client.command({{"INFO", "commandstats"}, {}, true, true}).text);
  for (std::string line; std::getline(commands, line);) {
    if (!line.starts_with("cmdstat_info:")) work.commands += number_after(line, "calls=");
  }
  const std::string stats = client.command({{"INFO", "stats"}, {}, true, true}).text;
  work.bytes = number_after(stats, "total_net_input_bytes:") + number_after(stats, "total_net_output_bytes:");
  return work;
}

class Program {
 public:
  explicit Program(RedisLayout layout) : settings_(settings_for(server_, layout)), storage_(redis_storage(settings_)) {
    auto& family = registry_.counter({.name = "requests", .help = "Requests served."}, {"path"});
    for (std::size_t i = 0; i < kSeries; ++i) children_.push_back(&family.labels(fmt::format("/items/{:05}", i)));
    client_->ping();
    round();
    round();
  }
  void round() {
    for (Counter* const child : children_) child->inc();
    ++rounds_;
    clean_ = storage_.flush(kLong) && clean_;
  }
  Work work() { return work_of(*client_); }
  std::string fault() {
    if (!clean_) return "a flush failed: " + storage_.statistics().last_error;
    RedisMultiProcessCollector collector(client_, {.key_prefix = settings_.key_prefix});
    const auto collection = collector.collect();
    if (collection->snapshot.values.size() != kSeries)
      return fmt::format("{} series", collection->snapshot.values.size());
    for (const double value : collection->snapshot.values) {
      if (value != static_cast<double>(rounds_)) return fmt::format("a series is {} instead of {}", value, rounds_);
    }
    return {};
  }

 private:
  static RedisSettings settings_for(const for_test::RedisServer& server, RedisLayout layout) {
    RedisSettings settings;
    settings.client = server.options();
    settings.layout = layout;
    return settings;
  }
  for_test::RedisServer server_;
  RedisSettings settings_;
  RedisStorageBase& storage_;
  Registry registry_{storage_};
  std::shared_ptr<RedisClient> client_ = make_redis_client(server_.options());
  std::vector<Counter*> children_;
  std::size_t rounds_ = 0;
  bool clean_ = true;
};

void run(const std::string& name, RedisLayout layout, std::size_t rounds, double idle_seconds) {
  Program program(layout);
  Row commands("10,000 dirty series, " + name + ": commands a dirty series", "");
  Row bytes("10,000 dirty series, " + name + ": bytes a dirty series", "B");
  for (const bool counts_bytes : {false, true}) {
    (counts_bytes ? bytes : commands).time("weir", [&program, counts_bytes](std::size_t) {
      const Work before = program.work();
      program.round();
      const Work after = program.work();
      return (counts_bytes ? after.bytes - before.bytes : after.commands - before.commands) / kSeries;
    });
  }
  commands.run(rounds);
  bytes.run(rounds);
  Row idle("idle process of 10,000 series, " + name + ": commands a minute", "");
  const Work before = program.work();
  std::this_thread::sleep_for(std::chrono::duration<double>(idle_seconds));
  idle.figure("weir", (program.work().commands - before.commands) * 60 / idle_seconds);
  commands.wrong(program.fault());
  for (const Row* const row : {&commands, &bytes, &idle}) row->print();
}

}  // namespace

void bench_redis_work(std::size_t rounds, double idle_seconds) {
  run("per process", RedisLayout::per_process, rounds, idle_seconds);
  run("shared", RedisLayout::shared, rounds, idle_seconds);
}

}  // namespace weir::bench
