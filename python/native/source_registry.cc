#include "native/source_registry.h"

#include <algorithm>
#include <unordered_map>

#include "storage/registration_lock.h"

namespace weir::python {
namespace {

/// The first of those, sorted by series, that belongs to series `i` or a later one.
template <typename At>
auto first_from(const std::vector<At>& sorted, std::size_t i) {
  return std::ranges::lower_bound(sorted, i, {}, &At::series);
}

}  // namespace

std::uint64_t SourceRegistry::add(std::shared_ptr<Source> source, bool is_reader) {
  const RegistrationHold hold;
  entries_.emplace(next_, Entry{std::move(source), is_reader});
  return next_++;
}

bool SourceRegistry::remove(std::uint64_t handle) {
  Entry gone;  // destroyed after the lock is let go
  const RegistrationHold hold;
  const auto it = entries_.find(handle);
  if (it == entries_.end()) return false;
  gone = std::move(it->second);
  entries_.erase(it);
  return true;
}

std::shared_ptr<const Collection> SourceRegistry::collect() {
  std::vector<Entry> entries;
  std::shared_ptr<const Joined> joined;
  {
    const RegistrationHold hold;
    for (const auto& [handle, entry] : entries_) entries.push_back(entry);
    joined = joined_;
  }
  if (entries.size() == 1) return entries.front().source->collect();
  Parts parts;
  for (const Entry& entry : entries) parts.push_back(entry.source->collect());
  const auto same = [](const auto& table, const auto& part) { return table == part->snapshot.table; };
  if (joined == nullptr || !std::ranges::equal(joined->parts, parts, same)) {
    joined = join(entries, parts);
    std::shared_ptr<const Joined> old = joined;  // destroyed after the lock is let go
    const RegistrationHold hold;
    joined_.swap(old);
  }
  auto collection = std::make_shared<Collection>();
  append(*joined, parts, *collection);
  return collection;
}

std::shared_ptr<const SourceRegistry::Joined> SourceRegistry::join(const std::vector<Entry>& entries,
                                                                   const Parts& parts) {
  std::unordered_map<std::string_view, std::size_t> owners;  // family name to the part that shows it
  for (const bool readers : {true, false}) {
    for (std::size_t p = 0; p < parts.size(); ++p) {
      if (entries[p].is_reader != readers) continue;
      for (const auto& family : parts[p]->snapshot.table->families()) owners.try_emplace(family.head.name, p);
    }
  }
  auto joined = std::make_shared<Joined>();
  SeriesTableBuilder builder;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const SeriesTable& table = *parts[p]->snapshot.table;
    joined->parts.push_back(parts[p]->snapshot.table);
    for (const auto& family : table.families()) {
      if (owners.at(family.head.name) != p) {
        joined->problems.push_back({"shown_already", family.head.name,
                                    "metric " + family.head.name + " stands in the registry twice; shown as " +
                                        entries[owners.at(family.head.name)].source->describe() + " has it"});
        continue;
      }
      builder.family(family.head);
      for (std::size_t i = 0; i < family.count; ++i) builder.series(table.series(family.first + i));
      joined->runs.push_back({p, family.first, family.count});
    }
  }
  joined->table = std::move(builder).finish();
  return joined;
}

void SourceRegistry::append(const Joined& joined, const Parts& parts, Collection& out) {
  Snapshot& all = out.snapshot;
  all.table = joined.table;
  all.values.reserve(joined.table->size());
  for (const Joined::Run& run : joined.runs) {
    const Snapshot& part = parts[run.part]->snapshot;
    const auto values = part.values.begin() + static_cast<std::ptrdiff_t>(run.first);
    const std::size_t moved = all.values.size();
    all.values.insert(all.values.end(), values, values + static_cast<std::ptrdiff_t>(run.count));
    for (auto it = first_from(part.exemplars, run.first); it != part.exemplars.end(); ++it) {
      if (it->series >= run.first + run.count) break;
      all.exemplars.push_back({it->series - run.first + moved, it->exemplar});
    }
    for (auto it = first_from(part.timestamps, run.first); it != part.timestamps.end(); ++it) {
      if (it->series >= run.first + run.count) break;
      all.timestamps.push_back({it->series - run.first + moved, it->seconds});
    }
  }
  out.problems = joined.problems;
  for (const auto& part : parts) {
    out.problems.insert(out.problems.end(), part->problems.begin(), part->problems.end());
  }
}

}  // namespace weir::python
