#include "scrape/folded.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "format/db_file.h"
#include "harness/body_check.h"
#include "harness/directory.h"
#include "harness/report.h"
#include "scrape/floor.h"
#include "weir/exposition.h"
#include "weir/fold.h"
#include "weir/multiprocess.h"

namespace weir::bench {
namespace {

constexpr std::size_t kDead = 2000;
constexpr std::size_t kLive = 64;
constexpr std::size_t kEntries = 100;

/// Files of Weir's processes that hold no lock: dead.
class DeadFiles {
 public:
  explicit DeadFiles(const std::filesystem::path& path)
      : directory_({.path = path, .files = kDead, .entries = kEntries}) {
    for (const Directory::File& file : directory_.files()) {
      if (pwrite(file.descriptor, &kWeirMark, sizeof kWeirMark, 4) != sizeof kWeirMark) {
        throw std::runtime_error("cannot mark " + file.path.string());
      }
    }
  }
  /// Under names of their own; folding leaves these files as they are, and takes the names.
  void link_into(const std::filesystem::path& where) const {
    for (std::size_t i = 0; i < kDead; ++i) {
      std::filesystem::create_hard_link(directory_.files()[i].path,
                                        where / fmt::format("counter_{}-dead.db", 4100000 + i));
    }
  }
  const Directory& directory() const noexcept { return directory_; }

 private:
  Directory directory_;
};

void fold(const std::filesystem::path& where, Row& row) {
  if (const FoldReport report = fold_directory(where); report.sources != kDead) {
    row.wrong(fmt::format("{} of {} files folded", report.sources, kDead));
  }
}

std::vector<double> sums(const std::vector<double>& one, const std::vector<double>& other) {
  std::vector<double> both(one.size());
  std::ranges::transform(one, other, both.begin(), std::plus<>());
  return both;
}

void scrape_into(MultiProcessCollector& collector, std::string& body) {
  body.clear();
  expose(*collector.collect(), Format{}, {}, body);
}

/// Reading every file once is the least a fold does.
void bench_fold(const DeadFiles& dead, const std::filesystem::path& path, std::size_t rounds) {
  Row row("2000 dead processes x 100 entries, folding them", "ms");
  const BodyCheck check(dead.directory().series());
  row.time("floor", [&](std::size_t) {
    std::size_t series = 0;
    return 1e3 * seconds_of([&] { cold_floor(dead.directory().path(), series); });
  });
  row.time("weir", [&](std::size_t) {
    std::filesystem::create_directory(path);
    dead.link_into(path);
    const double seconds = seconds_of([&] { fold(path, row); });
    std::string body;
    MultiProcessCollector collector{path};
    scrape_into(collector, body);
    row.wrong(check.fault(body, dead.directory().truth()));
    std::filesystem::remove_all(path);
    return 1e3 * seconds;
  });
  row.run(rounds);
  row.print();
}

/// The same live files with and without a past; the floor has none.
class Beside {
 public:
  Beside(const DeadFiles& dead, const std::filesystem::path& path)
      : dead_(dead),
        never_({.path = path / "never", .files = kLive, .entries = kEntries}),
        lived_({.path = path / "lived", .files = kLive, .entries = kEntries}),
        check_(never_.series()) {
    dead.link_into(lived_.path());
  }
  void fold_in(Row& row) const { fold(lived_.path(), row); }

  /// `fresh`: a reader that has read nothing yet.
  void bench(const std::string& name, bool fresh, std::size_t rounds) {
    Row row("2000 dead processes x 100 entries, folded, 64 live: " + name, "ms");
    if (fresh) fold_in(row);
    MultiProcessCollector of_never{never_.path()};
    MultiProcessCollector of_lived{lived_.path()};
    row.time("floor", [&](std::size_t) { return time(never_, of_never, fresh, {}, row); });
    row.time("weir", [&](std::size_t) { return time(lived_, of_lived, fresh, dead_.directory().truth(), row); });
    row.run(rounds);
    row.print();
  }

 private:
  double time(Directory& directory, MultiProcessCollector& warm, bool fresh, const std::vector<double>& past,
              Row& row) {
    directory.change_values(++number_);
    MultiProcessCollector cold{directory.path()};
    MultiProcessCollector& collector = fresh ? cold : warm;
    const double seconds = seconds_of([&] { scrape_into(collector, body_); });
    row.wrong(check_.fault(body_, past.empty() ? directory.truth() : sums(directory.truth(), past)));
    return 1e3 * seconds;
  }

  const DeadFiles& dead_;
  Directory never_;
  Directory lived_;
  const BodyCheck check_;
  std::string body_;
  std::size_t number_ = 0;
};

}  // namespace

void bench_folded(const std::filesystem::path& path, std::size_t rounds) {
  const DeadFiles dead(path / "dead");
  bench_fold(dead, path / "folding", rounds);
  Beside beside(dead, path);
  // More rounds: these take a fraction of a millisecond.
  beside.bench("cold", true, rounds * 10);
  beside.bench("warm", false, rounds * 10);
}

}  // namespace weir::bench
