// Registers children of a counter in the Redis of the environment without a pause, until SIGUSR1, whose handler calls
// exit(). Prints `ready` once it does.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "weir/redis_settings.h"
#include "weir/redis_storage.h"
#include "weir/registry.h"

int main() {
  weir::Registry registry{weir::redis_storage(weir::redis_settings_from_environment())};
  auto& family = registry.counter({.name = "registered_total", .help = "R."}, {"i"});
  std::signal(SIGUSR1, [](int) { std::exit(7); });
  std::puts("ready");
  std::fflush(stdout);
  for (unsigned n = 0;; ++n) {
    family.labels(std::to_string(n % 4000)).inc();
    if (n >= 2000) family.remove({std::to_string((n - 2000) % 4000)});
  }
}
