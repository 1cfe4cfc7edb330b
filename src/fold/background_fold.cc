#include "fold/background_fold.h"

#include <fmt/format.h>

#include <exception>
#include <system_error>
#include <utility>

#include "model/signals_blocked.h"
#include "weir/log.h"

namespace weir {
namespace {

/// Intervals between two folds of whatever is dead, however little.
constexpr int kIntervalsToAnyFold = 6;
/// Of messages kept to say each once.
constexpr std::size_t kMostLogged = 1000;

}  // namespace

BackgroundFold::Fold fold_of_directory(std::filesystem::path directory, FoldOptions options) {
  return [directory = std::move(directory), options = std::move(options)](std::size_t least_sources) {
    std::error_code unknown;
    if (!std::filesystem::exists(directory, unknown)) return FoldReport{};  // its writers have not come yet
    FoldOptions now = options;
    now.least_sources = least_sources;
    return fold_directory(directory, now);
  };
}

BackgroundFold::BackgroundFold(Fold fold, BackgroundFoldOptions options) : fold_(std::move(fold)), options_(options) {
  const SignalsBlocked blocked;
  thread_ = std::thread([this] { run(); });
}

BackgroundFold::~BackgroundFold() {
  {
    const std::scoped_lock lock{mutex_};
    is_over_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void BackgroundFold::look_soon() {
  {
    const std::scoped_lock lock{mutex_};
    is_asked_ = true;
  }
  wake_.notify_all();
}

void BackgroundFold::run() {
  {
    std::unique_lock lock{mutex_};
    wake_.wait_for(lock, options_.first_look, [this] { return is_over_ || is_asked_; });
    if (is_over_) return;
  }
  auto any_due = std::chrono::steady_clock::now();
  for (;;) {
    const auto now = std::chrono::steady_clock::now();
    const bool takes_any = now >= any_due;
    if (takes_any) any_due = now + kIntervalsToAnyFold * options_.interval;
    fold_once(takes_any ? 1 : options_.enough_sources);
    std::unique_lock lock{mutex_};
    wake_.wait_for(lock, options_.interval, [this] { return is_over_ || is_asked_; });
    if (is_over_) return;
    is_asked_ = false;
  }
}

void BackgroundFold::fold_once(std::size_t least_sources) {
  const auto began = std::chrono::steady_clock::now();
  FoldReport report;
  bool has_failed = false;
  try {
    report = fold_(least_sources);
  } catch (const std::exception& error) {
    has_failed = true;
    report.problems.push_back({"fold", "", error.what()});
  }
  log_new(report);
  const std::scoped_lock lock{mutex_};
  failures_ += has_failed ? 1 : 0;
  folds_ += report.sources > 0 ? 1 : 0;
  sources_ += report.sources;
  removed_ += report.removed;
  set_aside_ += report.set_aside;
  seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  if (has_failed) {
    last_.problems = std::move(report.problems);  // what it met the last time is still there
  } else {
    last_ = std::move(report);
  }
}

void BackgroundFold::log_new(const FoldReport& report) {
  for (const Problem& problem : report.problems) {
    if (problem.reason == "not_a_db_file") continue;  // it stays as it is, and whoever reads the directory names it
    if (logged_.size() < kMostLogged && logged_.insert(problem.message).second) {
      log_line(LogLevel::warning, message_with_subject(problem));
    }
  }
}

std::shared_ptr<const Collection> BackgroundFold::collect() {
  std::vector<MetricFamily> families;
  const auto add = [&families](const char* name, const char* help, double value, MetricType type = MetricType::gauge) {
    const std::string sample = type == MetricType::counter ? fmt::format("{}_total", name) : name;
    families.push_back({{name, type, help, ""}, {{sample, {}, value, {}}}});
  };
  {
    const std::scoped_lock lock{mutex_};
    const auto count = [&](const char* name, const char* help, std::uint64_t value) {
      add(name, help, static_cast<double>(value), MetricType::counter);
    };
    count("weir_folds", "Folds that moved something since start.", folds_);
    count("weir_fold_failures", "Folds that could not be done since start.", failures_);
    count("weir_fold_sources", "Files (of a Redis: writers) of dead processes folded since start.", sources_);
    count("weir_fold_removed", "Gauge files of dead processes removed since start.", removed_);
    count("weir_fold_set_aside", "Damaged files set aside since start.", set_aside_);
    add("weir_fold_last_seconds", "Time the last look or fold took.", seconds_);
    add("weir_writer_files_live", "Files (of a Redis: writers) that live, at the last look.",
        static_cast<double>(last_.live));
    add("weir_writer_files_other", "Files of other clients that were not folded, at the last look.",
        static_cast<double>(last_.others));
    add("weir_writer_files_dead", "Files (of a Redis: writers) dead and left, at the last look.",
        static_cast<double>(last_.left + last_.under_way));
  }
  auto collection = std::make_shared<Collection>();
  collection->snapshot = snapshot_of(families);
  return collection;
}

}  // namespace weir
