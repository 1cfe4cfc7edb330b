// Milliseconds of one scrape of a multiprocess directory, from files to text, every value changed before and every body
// compared with the truth after.
//
//   bench_scrape DIRECTORY ROUNDS same|distinct|dead|folded
//   bench_scrape DIRECTORY keep same|distinct|dead      makes it, prints the sum of its values, changes all of them for
//   each line
//                                                         of stdin and prints it again; removes it when stdin ends
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <string>

#include "harness/body_check.h"
#include "harness/directory.h"
#include "harness/report.h"
#include "scrape/floor.h"
#include "scrape/folded.h"
#include "weir/exposition.h"
#include "weir/multiprocess.h"

namespace weir::bench {
namespace {

DirectoryOptions options_of(const std::string& path, const std::string& what) {
  if (what == "dead") return {.path = path, .files = 2000, .entries = 100, .distinct = false};
  return {.path = path, .files = 64, .entries = 2000, .distinct = what == "distinct"};
}

std::string name_of(const std::string& what) {
  if (what == "dead") return "2000 dead processes x 100 entries";
  return "64 processes x 2000 entries, " + what + " series";
}

/// What a scrape does behind HTTP. The body's memory is reused, as the exporter's is.
void scrape(MultiProcessCollector& collector, std::string& body) {
  body.clear();
  expose(*collector.collect(), Format{}, {}, body);
}

double total(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

void bench_cold(Directory& directory, const std::string& name, std::size_t rounds) {
  const BodyCheck check(directory.series());
  Row row(name + ", cold", "ms");
  std::size_t number = 1000;
  row.time("floor", [&](std::size_t) {
    directory.change_values(++number);
    std::size_t series = 0;
    double sum = 0;
    const double seconds = seconds_of([&] { sum = cold_floor(directory.path(), series); });
    if (sum != total(directory.truth()) || series != directory.series().size())
      row.wrong("floor: sum or series differ");
    return seconds * 1e3;
  });
  row.time("weir", [&](std::size_t) {
    directory.change_values(++number);
    std::string body;
    MultiProcessCollector fresh{directory.path()};
    const double seconds = seconds_of([&] { scrape(fresh, body); });
    row.wrong(check.fault(body, directory.truth()));
    return seconds * 1e3;
  });
  row.run(rounds);
  row.print();
}

void bench_warm(Directory& directory, const std::string& name, std::size_t rounds) {
  const BodyCheck check(directory.series());
  WarmFloor floor(directory);
  MultiProcessCollector collector{directory.path()};
  std::string body;
  Row row(name + ", warm", "ms");
  std::size_t number = 0;
  row.time("floor", [&](std::size_t) {
    directory.change_values(++number);
    std::string_view text;
    const double seconds = seconds_of([&] { text = floor.scrape(); });
    row.wrong(check.fault(text, directory.truth()));
    return seconds * 1e3;
  });
  row.time("weir", [&](std::size_t) {
    directory.change_values(++number);
    const double seconds = seconds_of([&] { scrape(collector, body); });
    row.wrong(check.fault(body, directory.truth()));
    return seconds * 1e3;
  });
  row.run(rounds);
  row.print();
}

int keep(Directory& directory) {
  fmt::print("{}\n", total(directory.truth()));
  std::fflush(stdout);
  std::size_t round = 0;
  for (int c = std::getchar(); c != EOF; c = std::getchar()) {
    if (c != '\n') continue;
    directory.change_values(++round);
    fmt::print("{}\n", total(directory.truth()));
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace weir::bench

int main(int count, char** words) {
  if (count < 4) {
    fmt::print(stderr, "usage: bench_scrape DIRECTORY ROUNDS|keep same|distinct|dead, or ROUNDS folded\n");
    return 2;
  }
  if (std::string(words[3]) == "folded") {
    weir::bench::bench_folded(words[1], std::stoul(words[2]));
    return 0;
  }
  weir::bench::Directory directory(weir::bench::options_of(words[1], words[3]));
  if (std::string(words[2]) == "keep") return weir::bench::keep(directory);
  const std::size_t rounds = std::stoul(words[2]);
  const std::string name = weir::bench::name_of(words[3]);
  weir::bench::bench_cold(directory, name, rounds);
  weir::bench::bench_warm(directory, name, rounds);
  return 0;
}
