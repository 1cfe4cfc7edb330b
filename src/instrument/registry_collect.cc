// Registry's other half: reading this process's values.
//
// The names stand in a table that is made anew only after something was registered or removed; a collection adds the
// values.

#include <algorithm>

#include <fmt/format.h>

#include "storage/cell_space.h"
#include "weir/backend.h"
#include "weir/registry.h"

namespace weir {
namespace {

// Adds what the registered collectors make; one that throws becomes a Problem.
void add_collectors(const std::vector<std::function<std::vector<MetricFamily>()>>& collectors, Collection& collection) {
  if (collectors.empty()) return;
  std::vector<MetricFamily> all = families(collection.snapshot);
  for (const auto& collect : collectors) {
    try {
      const std::vector<MetricFamily> more = collect();
      all.insert(all.end(), more.begin(), more.end());
    } catch (const std::exception& error) {
      collection.problems.push_back(
          {"collector_failed", "collector", fmt::format("a registered collector threw: {}", error.what())});
    }
  }
  collection.snapshot = snapshot_of(all);
}

}  // namespace

// User code is called without the lock, on children that stay alive until it is done.
void Registry::ask_users(std::vector<Problem>& problems) {
  std::vector<std::pair<std::shared_ptr<FamilyBase>, std::shared_ptr<Child>>>
      asked;  // a child needs its family to the end
  {
    const RegistrationHold hold;
    for (const auto& [name, family] : families_) {
      const bool own_backends = family->storage_.holds_backends();
      if (!own_backends && family->info().type != MetricType::gauge) continue;
      for (const auto& child : family->children_) {
        if (own_backends || child->has_function()) asked.emplace_back(family, child);
      }
    }
  }
  for (const auto& [family, child] : asked) {
    try {
      child->call_function();
      child->refresh_backends();
    } catch (const std::exception& error) {
      problems.push_back({"user_code_failed", child->info().name,
                          fmt::format("metric {}: its callback or backend threw, the value before is shown: {}",
                                      child->info().name, error.what())});
    }
  }
}

void Registry::add_problem(const FamilyBase& family, std::vector<Problem>& problems) {
  const bool all_stored = std::ranges::all_of(family.children_, [](const auto& child) { return child->is_stored(); });
  if (all_stored) return;
  problems.push_back(
      {"kept_in_memory", family.info().name,
       fmt::format("metric {}: its storage had no room; other processes do not see it", family.info().name)});
}

std::shared_ptr<const Collection> Registry::collect() {
  auto collection = std::make_shared<Collection>();
  ask_users(collection->problems);
  Snapshot& snapshot = collection->snapshot;
  std::vector<std::function<std::vector<MetricFamily>()>> collectors;
  {
    const RegistrationHold hold;
    const std::uint64_t changes = changes_.load(std::memory_order_relaxed);  // ordered by the lock
    if (table_ == nullptr || table_changes_ != changes) {
      SeriesTableBuilder builder;
      for (const auto& [name, family] : families_) family->describe(builder);
      table_ = std::move(builder).finish();
      table_changes_ = changes;
    }
    snapshot.table = table_;
    snapshot.values.reserve(table_->size());
    for (const auto& [name, family] : families_) {
      family->append_values(snapshot);
      add_problem(*family, collection->problems);
    }
    collectors = collectors_;
  }
  add_collectors(collectors, *collection);
  return collection;
}

}  // namespace weir
