// Milliseconds to write a million counters with three labels as text: from a snapshot, and from a registry that holds
// them.
//
//   bench_text ROUNDS [COUNTERS]
#include <fmt/format.h>

#include <string>
#include <vector>

#include "harness/body_check.h"
#include "harness/render.h"
#include "harness/report.h"
#include "weir/exposition.h"
#include "weir/registry.h"

namespace weir::bench {
namespace {

struct Counters {
  explicit Counters(std::size_t count) {
    auto& family = registry.counter({.name = "jobs", .help = "Jobs done."}, {"code", "queue", "task"});
    for (std::size_t i = 0; i < count; ++i) {
      const std::string code = fmt::format("{}", 200 + i % 10);
      const std::string queue = fmt::format("q{:03}", i / 10 % 1000);
      const std::string task = fmt::format("t{:03}", i / 10000);
      children.push_back(&family.labels(code, queue, task));
      series.push_back(fmt::format(R"(jobs_total{{code="{}",queue="{}",task="{}"}})", code, queue, task));
    }
    values.resize(count);
  }
  /// Counts in every child; `values` follows.
  void count() {
    for (std::size_t i = 0; i < children.size(); ++i) {
      const auto amount = static_cast<double>(1 + i % 97);
      children[i]->inc(amount);
      values[i] += amount;
    }
  }

  Registry registry{memory_storage()};
  std::vector<Counter*> children;
  std::vector<std::string> series;
  std::vector<double> values;
};

void run(std::size_t rounds, std::size_t count) {
  Counters counters(count);
  const BodyCheck check(counters.series);
  CachedPrefixes prefixes(counters.series);
  std::string body;
  const auto floor = [&](Row& row) {
    counters.count();
    std::string_view text;
    const double seconds = seconds_of([&] { text = prefixes.render(counters.values); });
    row.wrong(check.fault(text, counters.values));
    return seconds * 1e3;
  };
  Row row(fmt::format("text of {} counters with 3 labels", count), "ms");
  row.time("floor", [&](std::size_t) { return floor(row); });
  row.time("weir", [&](std::size_t) {
    counters.count();
    const auto collection = counters.registry.collect();
    body.clear();
    const double seconds = seconds_of([&] { expose(*collection, Format{}, {}, body); });
    row.wrong(check.fault(body, counters.values));
    return seconds * 1e3;
  });
  row.run(rounds);
  row.print();

  Row whole(fmt::format("collect and text of {} counters with 3 labels", count), "ms");
  whole.time("floor", [&](std::size_t) { return floor(whole); });
  whole.time("weir", [&](std::size_t) {
    counters.count();
    body.clear();
    const double seconds = seconds_of([&] { expose(*counters.registry.collect(), Format{}, {}, body); });
    whole.wrong(check.fault(body, counters.values));
    return seconds * 1e3;
  });
  whole.run(rounds);
  whole.print();
}

}  // namespace
}  // namespace weir::bench

int main(int count, char** words) {
  if (count < 2) {
    fmt::print(stderr, "usage: bench_text ROUNDS [COUNTERS]\n");
    return 2;
  }
  weir::bench::run(std::stoul(words[1]), count > 2 ? std::stoul(words[2]) : 1'000'000);
  return 0;
}
