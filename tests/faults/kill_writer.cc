// Counts in several threads until it is killed, and acknowledges each count after its call returned.
//
//   faults_kill_writer ACKS ROW steady|count|register|threads
//
// Columns of its row: 0-1 own counters of two threads, 2-3 the counter all share, 4 histogram, 5 summary, 6 gauge
// `sum`, 7 gauge `mostrecent`, 8 children registered, 9-12 first writes of short threads.
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "acknowledged.h"
#include "weir/registry.h"

namespace {

using weir::Counter;
using weir::Family;
using weir::Registry;

constexpr int kChildren = 1000;  // about 700 KB of keys: the file grows from 64 KiB several times

struct Writer {
  Registry& registry = weir::default_registry();
  Acknowledged acks;
  std::string row;
  Family<Counter>& own = registry.counter({.name = "own_total", .help = "By thread."}, {"row", "thread"});
  Counter& shared = registry.counter({.name = "shared_total", .help = "By all."});

  Writer(const char* path, const char* number) : acks(path, std::strtoul(number, nullptr, 10)), row(number) {}

  void count(std::size_t thread) {
    Counter& mine = own.labels(row, std::to_string(thread));
    for (std::uint64_t n = 1;; ++n) {
      mine.inc();
      acks.store(thread, n);
      shared.inc();
      acks.store(2 + thread, n);
    }
  }

  void observe() {
    weir::Histogram& histogram =
        registry.histogram({.name = "h", .help = "H.", .buckets = {1, 2, 3}}, {"row"}).labels(row);
    weir::Summary& summary = registry.summary({.name = "s", .help = "S."}, {"row"}).labels(row);
    weir::Gauge& sum =
        registry.gauge({.name = "g_sum", .help = "G.", .mode = weir::GaugeMode::sum}, {"row"}).labels(row);
    weir::Gauge& recent =
        registry.gauge({.name = "g_recent", .help = "G.", .mode = weir::GaugeMode::mostrecent}, {"row"}).labels(row);
    for (std::uint64_t n = 1;; ++n) {
      const double value = static_cast<double>(n % 4 + 1);
      histogram.observe(value);
      acks.store(4, n);
      summary.observe(value);
      acks.store(5, n);
      sum.set(static_cast<double>(n));
      acks.store(6, n);
      recent.set(static_cast<double>(n));
      acks.store(7, n);
    }
  }

  void register_children() {
    Family<Counter>& children =
        registry.counter({.name = "children_total", .help = "Registered until killed."}, {"row", "i", "padding"});
    const std::string padding(600, 'x');
    for (std::uint64_t i = 0; i < kChildren; ++i) {
      children.labels(row, std::to_string(i), padding).inc();
      acks.store(8, i + 1);
    }
  }

  void start_threads() {
    Family<Counter>& firsts = registry.counter({.name = "firsts_total", .help = "First writes."}, {"row", "round"});
    for (std::uint64_t round = 0; round < kChildren; ++round) {
      Counter& fresh = firsts.labels(row, std::to_string(round));
      std::vector<std::thread> threads;
      for (std::size_t k = 0; k < 4; ++k) {
        threads.emplace_back([&, k] {
          fresh.inc();
          acks.store(9 + k, round + 1);
        });
      }
      for (std::thread& thread : threads) thread.join();
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  Writer writer(argv[1], argv[2]);
  const std::string_view mode = argv[3];
  if (mode == "threads") writer.start_threads();
  std::thread second([&] {
    if (mode != "steady") writer.count(1);
  });
  if (mode == "count") std::thread([&] { writer.observe(); }).detach();
  if (mode == "register") writer.register_children();
  writer.count(0);
}
