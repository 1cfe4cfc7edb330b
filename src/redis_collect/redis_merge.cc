#include "redis_collect/redis_merge.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace weir {
namespace {

constexpr int kAttempts = 3;
/// How many single keys are named; of the rest only how many they are.
constexpr std::size_t kMostProblems = 1000;

std::string kind_words(const FamilyRecord& family) {
  if (family.kind.type != MetricType::gauge) return std::string{to_string(family.kind.type)};
  return fmt::format("gauge (mode {})", to_string(family.kind.mode));
}

Problem awaiting(const std::vector<std::string>& writers, const std::string& server) {
  constexpr std::size_t kNamed = 10;
  const std::vector<std::string> named(writers.begin(),
                                       writers.begin() + static_cast<std::ptrdiff_t>(std::min(kNamed, writers.size())));
  return {.reason = "redis_epoch",
          .subject = server,
          .message = fmt::format("{}: the server failed over, restarted or was emptied; waiting at most one lease time "
                                 "for writers {}{} to ship their values again",
                                 server, fmt::join(named, ", "), writers.size() > kNamed ? ", …" : "")};
}

Problem behind(const std::string& server) {
  return {.reason = "redis_replica",
          .subject = server,
          .message = fmt::format("{}: another replica is read now, which has not yet what the one before had; waiting "
                                 "until it catches up",
                                 server)};
}

void cap(std::vector<Problem>& problems) {
  if (problems.size() <= kMostProblems) return;
  Problem last = std::move(problems[kMostProblems]);
  last.message += fmt::format(" (and {} more keys have problems)", problems.size() - kMostProblems - 1);
  problems.resize(kMostProblems);
  problems.push_back(std::move(last));
}

}  // namespace

RedisMerge::RedisMerge(RedisClient& client, RedisMergeOptions options)
    : options_(std::move(options)), reading_(client), set_(std::make_unique<SeriesSet>(options_.accumulate)) {
  if (options_.per_process_prefix) per_process_.emplace(*options_.per_process_prefix, reading_);
  for (const std::string& prefix : options_.shared_prefixes)
    shared_.emplace_back(prefix, options_.scan_shared, reading_);
}

std::shared_ptr<Collection> RedisMerge::collect() {
  auto collection = std::make_shared<Collection>();
  reading_.take_commands();
  values_.clear();
  const bool may_be_shown = read(collection->problems);
  if (may_be_shown) {
    refer(collection->problems);
    if (set_->changed()) settle();
    merge(*collection);
    if (per_process_) per_process_->collected();
  }
  cap(collection->problems);
  count();
  statistics_.series = collection->snapshot.values.size();
  return collection;
}

/// False when what was read must not be shown; why, stands last in `problems`.
bool RedisMerge::read(std::vector<Problem>& problems) {
  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    problems.clear();
    bool stands = true;
    if (!read_once(problems, stands)) return false;
    if (stands) return true;
  }
  const std::string server = reading_.client().describe();
  problems.assign(1, {.reason = "redis_folding",
                      .subject = server,
                      .message = fmt::format("{}: dead processes were being folded at each of {} attempts to read; the "
                                             "next scrape will do better",
                                             server, kAttempts)});
  return false;
}

bool RedisMerge::read_once(std::vector<Problem>& problems, bool& stands) {
  if (per_process_) {
    per_process_->look(ReaderEpoch::Clock::now(), problems);
    if (!per_process_->awaited().empty()) {
      problems.assign(1, awaiting(per_process_->awaited(), reading_.client().describe()));
      return false;
    }
    if (per_process_->is_behind()) {
      problems.assign(1, behind(reading_.client().describe()));
      return false;
    }
    per_process_->read(problems);
  }
  for (SharedReader& shared : shared_) shared.read(problems);
  stands = !per_process_ || per_process_->stands();
  return true;
}

void RedisMerge::refer(std::vector<Problem>& problems) {
  const auto refer_all = [&](std::vector<Problem>& told) {
    bool lost = false;
    if (per_process_) {
      per_process_->refer(*set_, told);
      lost |= per_process_->lost_series();
    }
    for (SharedReader& shared : shared_) {
      shared.refer(*set_, told);
      lost |= shared.lost_series();
    }
    return lost;
  };
  if (!refer_all(problems) || !set_->helps_differ()) return;
  // Which of several help texts is shown depends on who is still there: meet all anew.
  set_ = std::make_unique<SeriesSet>(options_.accumulate);
  if (per_process_) per_process_->forget_series();
  for (SharedReader& shared : shared_) shared.forget_series();
  refer_all(problems);
}

void RedisMerge::settle() {
  const std::vector<std::uint32_t> renumbered = set_->settle();
  if (per_process_) per_process_->renumber(renumbered);
  for (SharedReader& shared : shared_) shared.renumber(renumbered);
  clash_problems_.clear();
  for (const NameClash& clash : set_->plan().clashes) clash_problems_.push_back(describe(clash));
}

void RedisMerge::merge(Collection& collection) {
  const MergePlan& plan = set_->plan();
  if (per_process_) per_process_->give(values_);
  for (const SharedReader& shared : shared_) shared.give(values_);
  sums_.begin(plan);
  std::vector<CellPlace> refused;
  values_.give(sums_, refused);
  for (const CellPlace& cell : refused) {
    collection.problems.push_back(
        {.reason = "nan_value",
         .subject = key_of(set_->series(cell.series).family),
         .message =
             fmt::format("a value of {} is NaN; a count is a number, so it is left out", set_->text(cell.series))});
  }
  collection.problems.insert(collection.problems.end(), clash_problems_.begin(), clash_problems_.end());
  collection.snapshot.table = plan.table;
  collection.snapshot.values = sums_.finish(plan);
  collection.snapshot.exemplars = values_.exemplars(plan.table->size());
}

void RedisMerge::count() {
  statistics_.values = values_.size();
  statistics_.commands = reading_.take_commands();
  if (!per_process_) return;
  const PerProcessReader::Counts counts = per_process_->counts();
  statistics_.writers_live = counts.live;
  statistics_.writers_dead = counts.dead;
  statistics_.writers_foreign = counts.foreign;
}

std::string RedisMerge::key_of(std::uint32_t family) const {
  std::string key = per_process_ ? per_process_->key_of(*set_, family) : std::string();
  for (const SharedReader& shared : shared_) {
    if (key.empty()) key = shared.key_of(*set_, family);
  }
  return key;
}

Problem RedisMerge::describe(const NameClash& clash) const {
  const FamilyRecord& keeps = set_->family(clash.keeps);
  const FamilyRecord& renamed = set_->family(clash.renamed);
  const bool is_mode = keeps.kind.type == renamed.kind.type && keeps.name == renamed.name;
  const std::string key = key_of(clash.renamed);
  return {.reason = is_mode ? "mode_conflict" : "type_conflict",
          .subject = key,
          .message = fmt::format(
              "{} declares {} as {}, but {} declares {} as {}; the first is shown as {}: give one of "
              "them another name",
              key, renamed.name, kind_words(renamed), key_of(clash.keeps), keeps.name, kind_words(keeps), clash.shown)};
}

}  // namespace weir
