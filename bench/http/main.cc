// Scrapes a second of a running exporter by keep-alive clients, while idle connections stand open.
//
//   bench_http PORT SECONDS CLIENTS IDLE TRUTH           TRUTH is the sum of all samples
//
// Every body's samples are added up and compared with the truth before the time starts; during it, its length.
#include <fmt/core.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include "harness/report.h"
#include "http/client.h"

namespace weir::bench {
namespace {

double sum_of(std::string_view body) {
  double sum = 0;
  while (!body.empty()) {
    const std::string_view line = body.substr(0, body.find('\n'));
    body.remove_prefix(std::min(body.size(), line.size() + 1));
    if (line.empty() || line.front() == '#') continue;
    double value = 0;
    std::from_chars(line.data() + line.rfind(' ') + 1, line.data() + line.size(), value);
    sum += value;
  }
  return sum;
}

struct Load {
  std::uint16_t port;
  double seconds;
  std::size_t clients;
  double truth;
};

/// Scrapes a second.
double scrapes_a_second(const Load& load, Row& row) {
  std::atomic<std::size_t> scrapes{0};
  std::atomic<std::size_t> failures{0};
  const auto began = std::chrono::steady_clock::now();
  const auto until = began + std::chrono::duration<double>(load.seconds);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < load.clients; ++i) {
    threads.emplace_back([&] {
      try {
        HttpClient client(load.port);
        const std::size_t length = client.scrape().size();
        while (std::chrono::steady_clock::now() < until) {
          if (client.scrape().size() != length) ++failures;
          ++scrapes;
        }
      } catch (const std::exception& error) {
        fmt::print(stderr, "bench_http: {}\n", error.what());
        ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (failures != 0) row.wrong(fmt::format("{} scrapes failed", failures.load()));
  return static_cast<double>(scrapes) / std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

void measure(const std::string& name, const Load& load, std::size_t rounds) {
  Row row(name, "1/s");
  const double sum = sum_of(HttpClient(load.port).scrape());
  if (sum != load.truth) row.wrong(fmt::format("the samples add up to {} instead of {}", sum, load.truth));
  row.time("weir", [&](std::size_t) { return scrapes_a_second(load, row); });
  row.run(rounds);
  row.print();
}

}  // namespace
}  // namespace weir::bench

int main(int count, char** words) {
  if (count < 6) {
    fmt::print(stderr, "usage: bench_http PORT SECONDS CLIENTS IDLE TRUTH\n");
    return 2;
  }
  using namespace weir::bench;
  const rlimit files{8192, 8192};
  setrlimit(RLIMIT_NOFILE, &files);
  const Load load{static_cast<std::uint16_t>(std::stoul(words[1])), std::stod(words[2]), std::stoul(words[3]),
                  std::stod(words[5])};
  const std::size_t idle = std::stoul(words[4]);
  measure(fmt::format("scrapes a second, {} clients", load.clients), load, 3);
  std::vector<int> open;
  for (std::size_t i = 0; i < idle; ++i) open.push_back(connect_to(load.port));
  measure(fmt::format("scrapes a second, {} clients, {} idle connections", load.clients, idle), load, 3);
  for (const int one : open) close(one);
  return 0;
}
