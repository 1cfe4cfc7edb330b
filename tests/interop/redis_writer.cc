// Counts into the Redis of the environment what a script on standard input says (script.h).
//
// A line `.` runs what was read and prints `done`; after `fork` a child runs it, flushes and ends. `flush` ships and
// prints whether all is acknowledged, `statistics` prints weir::RedisShippingStatistics, both as JSON. `_exit` ends the
// process without a flush, the end of input in the orderly way.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "script.h"
#include "weir/redis_settings.h"
#include "weir/redis_storage.h"

namespace {

void print(const weir::RedisShippingStatistics& s) {
  std::printf(
      "{\"connected\": %s, \"writer\": \"%s\", \"flushes\": %ju, \"failed_flushes\": %ju, \"shipped\": %ju, "
      "\"refused\": %ju, \"lost_claims\": %ju, \"lost_leases\": %ju, \"fenced\": %ju, \"series\": %ju, "
      "\"dirty\": %ju, \"lag\": %g, \"has_error\": %s}\n",
      s.connected ? "true" : "false", s.writer.c_str(), s.flushes, s.failed_flushes, s.shipped, s.refused,
      s.lost_claims, s.lost_leases, s.fenced, s.series, s.dirty, s.lag, s.last_error.empty() ? "false" : "true");
  std::fflush(stdout);
}

/// False when the child did not end well.
bool run_in_child(weir::Registry& registry, const std::vector<Operation>& script) {
  const pid_t child = ::fork();
  if (child == 0) {
    run(registry, script);
    std::exit(0);  // flushes: what a child of a program does
  }
  int status = 0;
  return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

}  // namespace

int main() {
  weir::Registry& registry = weir::default_registry();  // REDIS_ENABLED chooses its storage
  std::vector<Operation> script;
  bool forks = false;
  for (std::string line; std::getline(std::cin, line);) {
    if (line == "flush") {
      std::cout << (weir::flush() ? "true" : "false") << std::endl;
    } else if (line == "statistics") {
      print(weir::redis_storage(weir::redis_settings_from_environment()).statistics());
    } else if (line == "_exit") {
      ::_exit(0);
    } else if (line == "fork") {
      forks = true;
    } else if (line != ".") {
      script.emplace_back(line);
    } else {
      if (!forks) run(registry, script);
      const bool good = !forks || run_in_child(registry, script);
      script.clear();
      forks = false;
      std::cout << (good ? "done" : "failed") << std::endl;
    }
  }
}
