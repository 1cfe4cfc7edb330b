// Scrapes of a Redis, from keys to text, every value changed before and every body compared with the truth after. Times
// are CPU time of reader and server together, so that a machine which others use too does not measure them; beside them
// those by the clock on the wall.
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <vector>

#include "harness/body_check.h"
#include "harness/report.h"
#include "redis/jobs.h"
#include "redis/keys.h"
#include "weir/exposition.h"
#include "weir/redis_collector.h"

namespace weir::bench {
namespace {

double total(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

RedisCollectorOptions options_for(const std::string& layout) {
  return {.key_prefix = {}, .layout = layout == "shared" ? RedisReadLayout::shared : RedisReadLayout::per_process};
}

Took scrape(const Keys& keys, RedisMultiProcessCollector& collector, std::string& body) {
  const Stopwatch stopwatch(keys);
  body.clear();
  expose(*collector.collect(), Format{}, {}, body);
  return stopwatch.took();
}

double median(std::vector<double> figures) {
  std::ranges::sort(figures);
  return figures[figures.size() / 2];
}

}  // namespace

void bench_redis_scrape(const std::string& layout, std::size_t rounds) {
  const std::string name = layout == "shared" ? "Redis shared, 32,000 series" : "Redis per process, 64 x 500 values";
  Keys keys(layout);
  const BodyCheck check(keys.series());
  RedisMultiProcessCollector collector(make_redis_client(keys.server().options()), options_for(layout));
  std::string body;
  Row warm(name + ", warm", "ms");
  Row commands(name + ", warm: commands a value", "");
  std::vector<double> floor_wall;
  std::vector<double> weir_wall;
  std::size_t number = 0;
  warm.time("floor", [&](std::size_t) {
    keys.change_values(++number);
    double sum = 0;
    const Took took = redis_floor(keys, sum);
    floor_wall.push_back(took.wall);
    if (sum != total(keys.truth()))
      warm.wrong(fmt::format("floor: the sum is {} instead of {}", sum, total(keys.truth())));
    return took.cpu;
  });
  warm.time("weir", [&](std::size_t) {
    keys.change_values(++number);
    const Took took = scrape(keys, collector, body);
    weir_wall.push_back(took.wall);
    warm.wrong(check.fault(body, keys.truth()));
    return took.cpu;
  });
  warm.run(rounds);
  const auto seen = collector.statistics();
  commands.figure("weir", static_cast<double>(seen.commands) / static_cast<double>(seen.values));
  Row wall(name + ", by the clock on the wall", "ms");
  wall.figure("floor", median(floor_wall));
  wall.figure("weir", median(weir_wall));
  Row cold(name + ", cold", "ms");
  cold.time("weir", [&](std::size_t) {
    RedisMultiProcessCollector fresh(make_redis_client(keys.server().options()), options_for(layout));
    const Took took = scrape(keys, fresh, body);
    cold.wrong(check.fault(body, keys.truth()));
    return took.cpu;
  });
  cold.run(rounds < 5 ? rounds : 5);
  for (const Row* const row : {&warm, &wall, &commands, &cold}) row->print();
}

int keep_redis(const std::string& layout) {
  const Keys keys(layout);
  fmt::print("{} {} {}\n", keys.server().port(), keys.a_key(), total(keys.truth()));
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return 0;
}

}  // namespace weir::bench
