// Many short-lived writers, as prefork batches make them: faults_churn_writer PAGE WRITERS AT_ONCE counts into the
// environment's directory in WRITERS processes, AT_ONCE at a time, half of which are killed by SIGKILL when they have
// counted. PAGE has two numbers: increments begun and increments done, over all writers.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcntl.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "weir/registry.h"

namespace {

struct Page {
  std::atomic<std::uint64_t> begun;
  std::atomic<std::uint64_t> done;
};

Page& page_at(const char* path) {
  const int fd = ::open(path, O_RDWR | O_CLOEXEC);
  void* const memory = fd < 0 ? MAP_FAILED : ::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    std::perror(path);
    std::exit(2);
  }
  ::close(fd);
  return *static_cast<Page*>(memory);
}

[[noreturn]] void count(Page& page, int number) {
  weir::Registry& registry = weir::default_registry();
  weir::Counter& jobs = registry.counter({.name = "jobs_total", .help = "Jobs."});
  auto& parts = registry.counter({.name = "parts_total", .help = "Parts."}, {"part"});
  weir::Histogram& sizes = registry.histogram({.name = "size", .help = "Sizes.", .buckets = {1, 2, 3}});
  weir::Gauge& largest = registry.gauge({.name = "largest", .help = "L.", .mode = weir::GaugeMode::max});
  largest.set(number);
  for (int i = 0; i < 10; ++i) {
    page.begun.fetch_add(1);
    sizes.observe(number % 4 + 0.1);  // sums of tenths are no round numbers: one last bit would show
    parts.labels(i % 2 == 0 ? "even" : "odd").inc(0.1);
    jobs.inc();
    page.done.fetch_add(1);
  }
  if (number % 2 == 0) ::kill(::getpid(), SIGKILL);
  ::_exit(0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: faults_churn_writer PAGE WRITERS AT_ONCE\n");
    return 2;
  }
  Page& page = page_at(argv[1]);
  const int writers = std::atoi(argv[2]);
  const int at_once = std::atoi(argv[3]);
  int running = 0;
  for (int number = 0; number < writers; ++number) {
    if (running == at_once) {
      ::wait(nullptr);
      --running;
    }
    const pid_t child = ::fork();
    if (child == 0) count(page, number);
    if (child < 0) {
      std::perror("fork");
      return 1;
    }
    ++running;
  }
  while (running-- > 0) ::wait(nullptr);
  return 0;
}
