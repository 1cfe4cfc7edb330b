// Counts where there is no room. faults_full_disk FILLER|limit
//
// FILLER is a file on the same file system, made to fill it up; `limit` sets RLIMIT_FSIZE instead. Prints `NAME VALUE`
// lines of what the metrics must show, and the library's log on standard error.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "weir/log.h"
#include "weir/registry.h"

namespace {

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "full_disk: %s\n", what.c_str());
  std::_Exit(1);
}

void fill_up(const char* path) {
  const int fd = ::open(path, O_WRONLY | O_CREAT, 0600);
  const std::array<char, 4096> page{};
  while (::write(fd, page.data(), page.size()) > 0) {
  }
  if (errno != ENOSPC) fail("the disk is not full");
  ::close(fd);
}

void set_limit(rlim_t bytes) {
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes;
  if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) fail("setrlimit");
}

bool is_reported(weir::Registry& registry, std::string_view what) {
  const auto collection = registry.collect();
  for (const weir::Problem& problem : collection->problems) {
    if (problem.reason == "kept_in_memory" && problem.subject.find(what) != std::string::npos) return true;
  }
  return false;
}

/// Registers children until one finds no room; returns those that did.
std::vector<weir::Counter*> register_until_full(weir::Family<weir::Counter>& family) {
  std::vector<weir::Counter*> stored;
  for (int i = 1; i < 100000; ++i) {
    weir::Counter& child = family.labels(std::to_string(i));
    child.inc();
    if (!child.is_stored()) {
      for (int k = 0; k < 4; ++k) child.inc();
      if (child.get() != 5) fail("a metric without room does not count in memory");
      return stored;
    }
    stored.push_back(&child);
  }
  fail("there was always room");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const bool limit = std::string_view(argv[1]) == "limit";
  weir::set_log_sink(&weir::stderr_log_sink);
  weir::Registry& registry = weir::default_registry();
  auto& family = registry.counter({.name = "early_total", .help = "E."}, {"i"});
  weir::Counter& early = family.labels("0");
  for (int i = 0; i < 1000; ++i) early.inc();

  early.inc(1, {{"trace_id", "0"}});
  limit ? set_limit(100'000) : fill_up(argv[1]);
  const std::vector<weir::Counter*> stored = register_until_full(family);
  if (!is_reported(registry, "early")) fail("no Problem says kept_in_memory");
  if (limit) set_limit(10);  // lower than what is there already
  weir::Histogram& late = registry.histogram({.name = "late", .help = "L."});
  late.observe(1, {{"trace_id", "1"}});  // the exemplar finds no room either
  if (late.is_stored() || late.count() != 1) fail("a file was made without room");

  std::vector<std::thread> threads;  // their first writes find no room for cells of their own
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        early.inc();
        late.observe(1);
      }
      for (weir::Counter* child : stored) child->inc();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < 1000; ++i) early.inc();
  if (late.count() != 4001) fail("counts in memory were lost");

  limit ? set_limit(RLIM_INFINITY) : static_cast<void>(::unlink(argv[1]));
  weir::Counter& after = registry.counter({.name = "after_total", .help = "A."});
  after.inc(3);
  if (!after.is_stored()) fail("room was not found again");
  std::thread([&] { early.inc(); }).join();
  std::printf("early 6002\nafter_total 3\nstored %zu\n", stored.size());
}
