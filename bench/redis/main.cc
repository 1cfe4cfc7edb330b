// Weir on Redis against hand-coded floors, on real servers.
//
//   bench_redis count ROUNDS | work ROUNDS IDLE_SECONDS | per-process ROUNDS | shared ROUNDS
//   bench_redis keep per-process|shared           prints PORT KEY SUM, ends when stdin does
#include <fmt/core.h>

#include <string>

#include "redis/jobs.h"

int main(int count, char** words) {
  const std::string what = count > 2 ? words[1] : "";
  if (what == "keep") return weir::bench::keep_redis(words[2]);
  if (what == "count") {
    weir::bench::bench_redis_count(std::stoul(words[2]));
  } else if (what == "work" && count > 3) {
    weir::bench::bench_redis_work(std::stoul(words[2]), std::stod(words[3]));
  } else if (what == "per-process" || what == "shared") {
    weir::bench::bench_redis_scrape(what, std::stoul(words[2]));
  } else {
    fmt::print(stderr,
               "usage: bench_redis count ROUNDS | work ROUNDS IDLE_SECONDS | per-process ROUNDS | shared ROUNDS "
               "| keep LAYOUT\n");
    return 2;
  }
  return 0;
}
