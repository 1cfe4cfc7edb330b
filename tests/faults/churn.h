// Many short-lived writers, as prefork batches make them, for programs that say how one of them lives.
//
//   int main(int argc, char** argv) { return churn(argc, argv, [](ChurnPage& page, int number) { … }); }
//
// PROGRAM PAGE WRITERS AT_ONCE [FIRST]: WRITERS processes, AT_ONCE at a time, numbered from FIRST (0) on. Each counts
// in its own process and ends by itself, well or by SIGKILL; any other end makes the whole end with 1.
//
// Process safety: PAGE is a file of 16 bytes all writers share, two numbers: increments begun and increments that must
// be scraped.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "weir/registry.h"

struct ChurnPage {
  std::atomic<std::uint64_t> begun;
  std::atomic<std::uint64_t> done;
};

inline constexpr int kChurnIncrements = 10;  // of each series, a writer

inline ChurnPage& churn_page_at(const char* path) {
  const int fd = ::open(path, O_RDWR | O_CLOEXEC);
  void* const memory =
      fd < 0 ? MAP_FAILED : ::mmap(nullptr, sizeof(ChurnPage), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    std::perror(path);
    std::exit(2);
  }
  ::close(fd);
  return *static_cast<ChurnPage*>(memory);
}

/// What every writer counts; `counted(i)` is called after the calls of the i-th time returned.
template <class Counted>
void churn_count(weir::Registry& registry, ChurnPage& page, int number, Counted counted) {
  weir::Counter& jobs = registry.counter({.name = "jobs_total", .help = "Jobs."});
  auto& parts = registry.counter({.name = "parts_total", .help = "Parts."}, {"part"});
  weir::Histogram& sizes = registry.histogram({.name = "size", .help = "Sizes.", .buckets = {1, 2, 3}});
  weir::Gauge& largest = registry.gauge({.name = "largest", .help = "L.", .mode = weir::GaugeMode::max});
  largest.set(number);
  for (int i = 0; i < kChurnIncrements; ++i) {
    page.begun.fetch_add(1);
    sizes.observe(number % 4 + 0.1);  // sums of tenths are no round numbers: one last bit would show
    parts.labels(i % 2 == 0 ? "even" : "odd").inc(0.1);
    jobs.inc();
    counted();
  }
}

/// Waits for one of them; whether it ended as it may.
inline bool churn_reap() {
  int status = 0;
  if (::wait(&status) < 0) return false;
  const bool is_good = status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  if (!is_good) std::fprintf(stderr, "a writer ended with status %d\n", status);
  return is_good;
}

template <class Live>
int churn(int argc, char** argv, Live live) {
  if (argc != 4 && argc != 5) {
    std::fprintf(stderr, "usage: %s PAGE WRITERS AT_ONCE [FIRST]\n", argv[0]);
    return 2;
  }
  ChurnPage& page = churn_page_at(argv[1]);
  const int first = argc > 4 ? std::atoi(argv[4]) : 0;
  const int end = first + std::atoi(argv[2]);
  const int at_once = std::atoi(argv[3]);
  bool is_good = true;
  int running = 0;
  for (int number = first; number < end && is_good; ++number) {
    if (running == at_once) {
      is_good = churn_reap();
      --running;
    }
    const pid_t child = ::fork();
    if (child == 0) {
      live(page, number);
      std::_Exit(3);
    }
    if (child < 0) {
      std::perror("fork");
      return 1;
    }
    ++running;
  }
  while (running-- > 0) is_good = churn_reap() && is_good;
  return is_good ? 0 : 1;
}
