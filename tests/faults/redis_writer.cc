// Counts into the Redis of the environment in several threads, and acknowledges each step after its calls returned.
//
//   faults_redis_writer ACKS ROW THREADS [LEASE_MS [MORE]]
//
// It counts 1 in each of MORE series of more_total{i} before all else.
// A step increments steps_total{series} and steps_of_total{row}, observes 0.5 * (step % 4) in a histogram and a
// summary, and is then stored in the thread's column (acknowledged.h), so whoever kills the process knows what it had
// counted. Commands on standard input, each answered by one line of JSON:
//
//   go, stop, fast, slow          threads count, or stand still after an acknowledged step; with or without pauses
//   flush                         ships; whether all of it was acknowledged
//   statistics                    weir::RedisShippingStatistics
//   resources                     [threads, descriptors] of this process
//   spawn N STEPS exit|_exit|grow children that count STEPS steps each and end; the number that ended well. `_exit`
//                                 flushes first; `grow` has a child of its own, which counts as much
//   quit, _exit                   the end: in the orderly way, as at the end of input, or without a flush
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "acknowledged.h"
#include "weir/log.h"
#include "weir/redis_settings.h"
#include "weir/redis_storage.h"
#include "weir/registry.h"

namespace {

constexpr std::size_t kSeries = 20;
constexpr std::chrono::seconds kFlushTime{20};

weir::RedisSettings settings_of(int argc, char** argv) {
  weir::RedisSettings settings = weir::redis_settings_from_environment();
  if (argc > 4) settings.lease = std::chrono::milliseconds(std::strtol(argv[4], nullptr, 10));
  return settings;
}

struct Metrics {
  explicit Metrics(weir::Registry& registry, const std::string& row)
      : of_row(registry.counter({.name = "steps_of", .help = "Steps by writer."}, {"row"}).labels(row)),
        wait(registry.histogram({.name = "wait", .help = "Wait.", .buckets = {0.25, 1}})),
        size(registry.summary({.name = "size", .help = "Size."})) {
    weir::Family<weir::Counter>& steps = registry.counter({.name = "steps", .help = "Steps."}, {"series"});
    for (std::size_t i = 0; i < kSeries; ++i) series.push_back(&steps.labels(std::to_string(i)));
  }

  void step(std::uint64_t n) {
    series[n % kSeries]->inc();
    of_row.inc();
    wait.observe(0.5 * static_cast<double>(n % 4));
    size.observe(0.5 * static_cast<double>(n % 4));
  }

  weir::Counter& of_row;
  weir::Histogram& wait;
  weir::Summary& size;
  std::vector<weir::Counter*> series;
};

class Threads {
 public:
  Threads(Metrics& metrics, Acknowledged& acks, std::size_t number) : metrics_(metrics), acks_(acks) {
    for (std::size_t i = 0; i < number; ++i) std::thread([this, i] { count(i); }).detach();
  }
  void go(bool fast) {
    fast_ = fast;
    running_ = true;
  }
  /// Returns when every thread stands, its last step acknowledged.
  void stop() {
    running_ = false;
    while (counting_.load() != 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

 private:
  void count(std::size_t column) {
    for (std::uint64_t n = 0;;) {
      ++counting_;
      while (running_.load()) {
        metrics_.step(n);
        acks_.store(column, ++n);
        if (!fast_.load() && n % 8 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      --counting_;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  Metrics& metrics_;
  Acknowledged& acks_;
  std::atomic<bool> running_{false};
  std::atomic<bool> fast_{false};
  std::atomic<int> counting_{0};
};

[[noreturn]] void live_as_child(Metrics& metrics, weir::RedisStorageBase& storage, std::uint64_t steps,
                                const std::string& end) {
  if (end == "grow" && ::fork() == 0) live_as_child(metrics, storage, steps, "exit");
  for (std::uint64_t n = 0; n < steps; ++n) metrics.step(n);
  if (end == "_exit") ::_exit(storage.flush(kFlushTime) ? 0 : 1);
  if (end == "grow") {
    int status = 0;
    if (::wait(&status) < 0 || status != 0) ::_exit(1);
  }
  std::exit(storage.flush(kFlushTime) ? 0 : 1);
}

int spawn(Metrics& metrics, weir::RedisStorageBase& storage, const std::string& arguments) {
  std::istringstream in(arguments);
  int number = 0;
  std::uint64_t steps = 0;
  std::string end;
  in >> number >> steps >> end;
  std::vector<pid_t> children;
  for (int i = 0; i < number; ++i) {
    const pid_t child = ::fork();
    if (child == 0) live_as_child(metrics, storage, steps, end);
    if (child > 0) children.push_back(child);
  }
  int good = 0;
  for (const pid_t child : children) {
    int status = 0;
    if (::waitpid(child, &status, 0) == child && status == 0) ++good;
  }
  return good;
}

void print(const weir::RedisShippingStatistics& s) {
  std::string error = s.last_error;
  std::ranges::replace_if(
      error, [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 32; }, '\'');
  std::printf(
      "{\"connected\": %s, \"writer\": \"%s\", \"flushes\": %ju, \"failed_flushes\": %ju, \"shipped\": %ju, "
      "\"refused\": %ju, \"lost_claims\": %ju, \"lost_leases\": %ju, \"fenced\": %ju, \"series\": %ju, "
      "\"dirty\": %ju, \"lag\": %g, \"error\": \"%s\"}\n",
      s.connected ? "true" : "false", s.writer.c_str(), s.flushes, s.failed_flushes, s.shipped, s.refused,
      s.lost_claims, s.lost_leases, s.fenced, s.series, s.dirty, s.lag, error.c_str());
  std::fflush(stdout);
}

std::ptrdiff_t entries(const char* directory) {
  const std::filesystem::directory_iterator all(directory);
  return std::distance(begin(all), end(all));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  weir::set_log_sink(weir::stderr_log_sink);
  Acknowledged acks(argv[1], std::strtoul(argv[2], nullptr, 10));
  weir::RedisStorageBase& storage = weir::redis_storage(settings_of(argc, argv));
  weir::Registry registry{storage};
  auto& metrics = *new Metrics(registry, argv[2]);  // threads count until the process is gone
  auto& threads = *new Threads(metrics, acks, std::strtoul(argv[3], nullptr, 10));
  const unsigned long more = argc > 5 ? std::strtoul(argv[5], nullptr, 10) : 0;
  weir::Family<weir::Counter>& others = registry.counter({.name = "more", .help = "More."}, {"i"});
  for (unsigned long i = 0; i < more; ++i) others.labels(std::to_string(i)).inc();
  bool fast = false;
  for (std::string line; std::getline(std::cin, line);) {
    if (line == "quit") break;
    if (line == "_exit") ::_exit(0);
    if (line == "statistics") {
      print(storage.statistics());
      continue;
    }
    if (line == "fast" || line == "slow") fast = line == "fast";
    if (line == "go" || line == "fast" || line == "slow") threads.go(fast);
    if (line == "stop") threads.stop();
    if (line == "flush") {
      std::cout << (storage.flush(kFlushTime) ? "true" : "false") << std::endl;
    } else if (line == "resources") {
      std::cout << '[' << entries("/proc/self/task") << ", " << entries("/proc/self/fd") << ']' << std::endl;
    } else if (line.starts_with("spawn ")) {
      std::cout << spawn(metrics, storage, line.substr(6)) << std::endl;
    } else {
      std::cout << "true" << std::endl;
    }
  }
  threads.stop();
}
