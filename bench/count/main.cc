// Nanoseconds a call of every instrument, against the floor, in memory and in files, by one thread and by two.
//
//   bench_count DIRECTORY ROUNDS [NAME PART]         DIRECTORY is made and emptied
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <barrier>
#include <cmath>
#include <cstdlib>
#include <random>
#include <thread>
#include <vector>

#include "count/subject.h"
#include "harness/report.h"

namespace weir::bench {

Inputs::Inputs() {
  std::mt19937_64 random{42};
  std::uniform_real_distribution<double> exponent{-9, 4.3};  // 2 ms to 20 s, evenly over magnitudes
  for (double& v : observations) v = std::ceil(std::exp2(exponent(random)) * 1024) / 1024;
  constexpr std::array kMethods{"GET", "PUT", "POST", "HEAD", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "LINK"};
  for (std::size_t i = 0; i < kChildren; ++i) names[i] = {kMethods[i % 10], fmt::format("/items/{:03}", i / 10)};
  for (std::size_t i = 0; i < kBlock; ++i) {
    child[i] = random() % kChildren;
    labels[i] = names[child[i]];
  }
}

const Inputs& inputs() {
  static const Inputs all;
  return all;
}

namespace {

struct Job {
  Kind kind;
  const char* name;
  std::size_t blocks;  // of one round, some milliseconds
  std::size_t threads;
};

constexpr Job kJobs[] = {
    {Kind::counter, "counter inc", 400, 1},
    {Kind::counter, "counter inc", 400, 2},
    {Kind::gauge, "gauge set", 1600, 1},
    {Kind::recent_gauge, "gauge set mostrecent", 40, 1},
    {Kind::histogram, "histogram observe", 200, 1},
    {Kind::histogram, "histogram observe", 200, 2},
    {Kind::summary, "summary observe", 300, 1},
    {Kind::labels, "labels(a, b).inc()", 50, 1},
    {Kind::labels, "labels(a, b).inc()", 50, 2},
};

/// Nanoseconds a call, the mean of the threads.
double measure(Subject& subject, const Job& job) {
  if (job.threads == 1) {
    return seconds_of([&] { subject.run(job.blocks, 0); }) / static_cast<double>(job.blocks * kBlock) * 1e9;
  }
  std::barrier start(static_cast<std::ptrdiff_t>(job.threads));
  std::vector<double> seconds(job.threads);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < job.threads; ++t) {
    threads.emplace_back([&, t] {
      start.arrive_and_wait();
      seconds[t] = seconds_of([&] { subject.run(job.blocks, t); });
    });
  }
  double all = 0;
  for (std::size_t t = 0; t < job.threads; ++t) {
    threads[t].join();
    all += seconds[t];
  }
  return all / static_cast<double>(job.threads * job.blocks * kBlock) * 1e9;
}

void run(const Job& job, const std::string& storage, const std::filesystem::path& directory, std::size_t rounds) {
  static int number = 0;
  const std::string metric = fmt::format("bench_{}", number++);
  // Two of each in different places, of which the faster counts: where the cells lie by chance decides whether the
  // processor foresees a histogram's loads, and with bad luck any of them takes thrice its time.
  const std::array floors{make_floor(job.kind, directory, job.threads), make_floor(job.kind, directory, job.threads)};
  const std::filesystem::path files = storage == "files" ? directory / "metrics" : std::filesystem::path();
  const std::array weirs{make_weir(job.kind, metric + "_a", files), make_weir(job.kind, metric + "_b", files)};
  const auto faster = [&](const auto& pair) { return std::min(measure(*pair[0], job), measure(*pair[1], job)); };
  Row row(fmt::format("{}, {} thread{}, {}", job.name, job.threads, job.threads == 1 ? "" : "s", storage), "ns");
  row.time("floor", [&](std::size_t) { return faster(floors); });
  row.time("weir", [&](std::size_t) { return faster(weirs); });
  row.run(rounds);
  const std::size_t blocks = (rounds + 1) * job.threads * job.blocks;
  for (const auto* pair : {&floors, &weirs}) {
    for (const auto& subject : *pair) row.wrong(subject->fault(blocks));
  }
  row.print();
}

}  // namespace
}  // namespace weir::bench

int main(int count, char** words) {
  if (count < 3) {
    fmt::print(stderr, "usage: bench_count DIRECTORY ROUNDS [NAME PART]\n");
    return 2;
  }
  const std::filesystem::path directory = words[1];
  std::filesystem::create_directories(directory);
  for (const auto& job : weir::bench::kJobs) {
    if (count > 3 && std::string(job.name).find(words[3]) == std::string::npos) continue;
    for (const char* storage : {"memory", "files"}) weir::bench::run(job, storage, directory, std::stoul(words[2]));
  }
  std::filesystem::remove_all(directory);
  return 0;
}
