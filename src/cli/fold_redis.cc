// `weir fold` of a Redis, where Weir is built with it.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include "cli/fold.h"
#include "cli/output.h"
#include "cli/progress_line.h"
#include "cli/redis_choice.h"
#include "cli/redis_source.h"
#include "weir/redis_fold.h"

namespace weir::cli {
namespace {

constexpr std::chrono::seconds kRest{5};

}  // namespace

int fold_redis(const SourceArguments& arguments, double keep_all) {
  const ChosenRedis chosen = chosen_redis(arguments);
  RedisFold folding(chosen.client, {.key_prefix = chosen.key_prefix,
                                    .keep_all = std::chrono::seconds(static_cast<std::int64_t>(keep_all))});
  const std::string what = "folding " + chosen.client->describe();
  ProgressLine progress(what);
  FoldReport report = folding.fold();
  progress.end();
  if (folding.calm_in().count() > 0) {
    write_error(fmt::format(
        "weir: {} was started or promoted a short while ago, so processes may look dead that are not: waiting "
        "{:.0f} s\n",
        chosen.client->describe(), std::chrono::duration<double>(folding.calm_in()).count()));
  }
  ProgressLine progress_of_rest(what);
  while (folding.calm_in().count() > 0) {
    std::this_thread::sleep_for(std::min<std::chrono::milliseconds>(folding.calm_in(), std::chrono::seconds(1)));
    report = folding.fold();
  }
  FoldReport all = report;
  if (report.under_way > 0) {
    write_error(
        fmt::format("weir: {} processes left so much that it moves in steps, {} s apart for the sake of scrapes\n",
                    report.under_way, kRest.count()));
  }
  while (report.under_way > 0) {  // scrapes need the server at rest between
    std::this_thread::sleep_for(kRest);
    report = folding.fold();
    all.sources += report.sources;
    all.entries += report.entries;
    all.left = report.left;
    all.problems.insert(all.problems.end(), report.problems.begin(), report.problems.end());
  }
  report = std::move(all);
  progress_of_rest.end();
  return tell_fold(chosen.client->describe(), report, "processes");
}

}  // namespace weir::cli
