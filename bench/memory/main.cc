// A process with 1,000 counter series and one thread, or an empty one: prints what it holds of memory, in KiB.
//
//   bench_memory empty|memory|files DIRECTORY          prints: RSS WRITTEN
//
// WRITTEN are pages it wrote itself: its heap and its cells, also those in files. RSS has the code it ran too, which
// all processes of the machine share.
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "weir/registry.h"

namespace {

long kib_of(const char* field) {
  std::ifstream rollup{"/proc/self/smaps_rollup"};
  for (std::string word; rollup >> word;) {
    if (word != field) continue;
    long kib = 0;
    rollup >> kib;
    return kib;
  }
  return -1;
}

void count_in(weir::Storage& storage) {
  auto& registry = *new weir::Registry(storage);  // lives as long as the process, as programs' registries do
  auto& family = registry.counter({.name = "requests", .help = "Requests served."}, {"method", "path"});
  for (int i = 0; i < 1000; ++i) family.labels(i % 2 == 0 ? "GET" : "PUT", fmt::format("/api/v1/items/{:03}", i)).inc();
}

}  // namespace

int main(int count, char** words) {
  if (count < 3) {
    fmt::print(stderr, "usage: bench_memory empty|memory|files DIRECTORY\n");
    return 2;
  }
  const std::string what = words[1];
  if (what == "memory") count_in(weir::memory_storage());
  if (what == "files") count_in(weir::file_storage(words[2]));
  fmt::print("{} {}\n", kib_of("Rss:"), kib_of("Rss:") - kib_of("Private_Clean:") - kib_of("Shared_Clean:"));
  return 0;
}
