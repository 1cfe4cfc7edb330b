// SeriesSet::settle(): from numbers in the order they were met to a table in exposition order.
#include <algorithm>
#include <span>
#include <tuple>
#include <unordered_map>

#include "collect/merge_rule.h"
#include "collect/series_set.h"
#include "collect/sort_by_text.h"
#include "model/series_text.h"

namespace weir {
namespace {

constexpr std::size_t kAhead = 8;

void prefetch(std::string_view text) noexcept {
  constexpr std::size_t kLine = 64;
  __builtin_prefetch(text.data());
  if (text.size() > kLine) __builtin_prefetch(text.data() + kLine);
}

/// The same series under its family's new name.
std::string renamed_text(std::string_view text, const FamilyRecord& family) {
  const SeriesParts parts = parse_series_text(text);
  std::string renamed;
  append_series_text(renamed, family.shown + parts.name.substr(family.name.size()), parts.labels);
  return renamed;
}

/// Puts one family's series in order: label sets by text; within one buckets by bound, then `_count`, then `_sum`.
/// Returns their texts.
std::vector<std::string_view> order_family(const SeriesSet& set, std::span<std::uint32_t> members) {
  std::vector<NumberedText> leaders;
  leaders.reserve(members.size());
  for (const std::uint32_t series : members) {
    const std::uint32_t leader = set.series(series).leader;
    if (leaders.empty() || leaders.back().number != leader)
      leaders.push_back({.text = set.text(leader), .number = leader});
  }
  sort_by_text(leaders);
  const bool each_leads_itself = leaders.size() == members.size() &&
                                 std::all_of(members.begin(), members.end(),
                                             [&](std::uint32_t series) { return set.series(series).leader == series; });
  std::vector<std::string_view> texts(members.size());
  if (each_leads_itself) {
    for (std::size_t i = 0; i < members.size(); ++i) {
      members[i] = leaders[i].number;
      texts[i] = leaders[i].text;
    }
    return texts;
  }
  std::unordered_map<std::uint32_t, std::uint32_t> rank;
  for (const NumberedText& leader : leaders) rank.try_emplace(leader.number, static_cast<std::uint32_t>(rank.size()));
  struct Place {
    std::uint32_t rank;
    SampleRole role;
    double bound;
    std::string_view text;
    std::uint32_t series;
  };
  std::vector<Place> places;
  places.reserve(members.size());
  for (const std::uint32_t series : members) {
    const SeriesRecord& record = set.series(series);
    places.push_back({rank[record.leader], record.role, record.bound, set.text(series), series});
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return std::tie(a.rank, a.role, a.bound, a.text) < std::tie(b.rank, b.role, b.bound, b.text);
  });
  for (std::size_t i = 0; i < members.size(); ++i) {
    members[i] = places[i].series;
    texts[i] = places[i].text;
  }
  return texts;
}

/// Runs of buckets of one label set, in [first, first + members.size()).
void find_histograms(const SeriesSet& set, std::span<const std::uint32_t> members, std::uint32_t first,
                     std::vector<MergePlan::Histogram>& histograms) {
  for (std::size_t i = 0; i < members.size();) {
    const std::uint32_t leader = set.series(members[i]).leader;
    std::size_t end = i;
    while (end < members.size() && set.series(members[end]).role == SampleRole::bucket &&
           set.series(members[end]).leader == leader) {
      ++end;
    }
    if (end == i) {
      ++i;
      continue;
    }
    histograms.push_back({.first = first + static_cast<std::uint32_t>(i),
                          .buckets = static_cast<std::uint32_t>(end - i),
                          .has_count = end < members.size() && members[end] == leader});
    i = end;
  }
}

}  // namespace

std::vector<char> SeriesSet::series_to_show() const {
  std::vector<char> shown(series_.size(), 0);
  for (std::size_t i = 0; i < series_.size(); ++i) {
    if (series_[i].references == 0) continue;
    shown[i] = 1;
    if (accumulate_ && series_[i].role == SampleRole::bucket) shown[series_[i].leader] = 1;
  }
  return shown;
}

/// The numbers of the series to show, family by family: those of family f are numbers[begins[f] .. begins[f + 1]).
struct SeriesSet::ByFamily {
  std::vector<std::uint32_t> begins;
  std::vector<std::uint32_t> numbers;
  std::size_t text_bytes = 0;

  std::span<std::uint32_t> of(std::uint32_t family) {
    return {numbers.data() + begins[family], numbers.data() + begins[family + 1]};
  }
};

SeriesSet::ByFamily SeriesSet::group_by_family(const std::vector<char>& shown) const {
  ByFamily grouped;
  std::vector<std::uint32_t>& begins = grouped.begins;
  begins.assign(families_.size() + 1, 0);
  for (std::size_t i = 0; i < series_.size(); ++i) begins[series_[i].family + 1] += shown[i] != 0 ? 1U : 0U;
  for (std::size_t f = 0; f < families_.size(); ++f) begins[f + 1] += begins[f];
  grouped.numbers.resize(begins.back());
  std::vector<std::uint32_t> ends(begins.begin(), begins.end() - 1);
  for (std::uint32_t i = 0; i < series_.size(); ++i) {
    if (shown[i] == 0) continue;
    grouped.numbers[ends[series_[i].family]++] = i;
    grouped.text_bytes += text(i).size();
  }
  return grouped;
}

/// Gives every family that has series the name it is shown by. Returns them in exposition order.
std::vector<std::uint32_t> SeriesSet::name_families(const ByFamily& grouped, MergePlan& plan) {
  std::vector<NamedFamily> named;
  std::vector<std::uint32_t> order;
  for (std::uint32_t f = 0; f < families_.size(); ++f) {
    FamilyRecord& family = families_[f];
    family.shown = family.name;
    if (grouped.begins[f] == grouped.begins[f + 1]) continue;
    order.push_back(f);
    named.push_back({.name = family.name, .kind = family.kind, .suffixes = family.suffixes, .number = f});
    // `_count` of a histogram is derived: no key ever named it.
    if (family.kind.type == MetricType::histogram) named.back().suffixes.emplace_back("_count");
  }
  plan.clashes = resolve_clashes(std::move(named));
  for (const NameClash& clash : plan.clashes) families_[clash.renamed].shown = clash.shown;
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::tie(families_[a].shown, families_[a].kind.type) < std::tie(families_[b].shown, families_[b].kind.type);
  });
  return order;
}

/// Makes the plan's table and ranges, and gives each series its number there. Returns how many there are.
std::uint32_t SeriesSet::tabulate(const std::vector<std::uint32_t>& order, ByFamily& grouped, MergePlan& plan,
                                  std::vector<std::uint32_t>& renumbered) const {
  SeriesTableBuilder builder;
  builder.reserve(grouped.numbers.size(), grouped.text_bytes);
  std::uint32_t next = 0;
  for (const std::uint32_t f : order) {
    const FamilyRecord& family = families_[f];
    const std::span<std::uint32_t> mine = grouped.of(f);
    const std::vector<std::string_view> texts = order_family(*this, mine);
    builder.family({.name = family.shown, .type = family.kind.type, .help = family.help, .unit = {}});
    const bool is_renamed = family.shown != family.name;
    if (accumulate_ && family.kind.type == MetricType::histogram) find_histograms(*this, mine, next, plan.histograms);
    const auto count = static_cast<std::uint32_t>(mine.size());
    if (!plan.ranges.empty() && plan.ranges.back().kind == family.kind) {
      plan.ranges.back().count += count;
    } else {
      plan.ranges.push_back({.first = next, .count = count, .kind = family.kind});
    }
    for (std::size_t i = 0; i < texts.size(); ++i) {
      // In their new order texts lie anywhere in memory.
      if (i + kAhead < texts.size()) prefetch(texts[i + kAhead]);
      if (is_renamed) {
        builder.series(renamed_text(texts[i], family));
      } else {
        builder.series(texts[i]);
      }
      renumbered[mine[i]] = next++;
    }
  }
  plan.table = std::move(builder).finish();
  return next;
}

std::vector<std::uint32_t> SeriesSet::settle() {
  const std::vector<char> shown = series_to_show();
  ByFamily grouped = group_by_family(shown);
  MergePlan plan;
  const std::vector<std::uint32_t> order = name_families(grouped, plan);
  std::vector<std::uint32_t> renumbered(series_.size(), kNoSeries);
  const std::uint32_t in_table = tabulate(order, grouped, plan, renumbered);
  // Label sets whose `_count` is not shown are still sorted by its text: it stays, behind the table's own.
  std::uint32_t last = in_table;
  for (std::size_t i = 0; i < series_.size(); ++i) {
    const std::uint32_t leader = series_[i].leader;
    if (shown[i] != 0 && renumbered[leader] == kNoSeries) renumbered[leader] = last++;
  }
  adopt(renumbered, in_table);
  plan_ = std::move(plan);
  drop_empty_families();
  expected_.clear();  // its numbers are no longer
  changed_ = false;
  return renumbered;
}

/// Moves every record to its new number; the first `shown` find their text in the new table.
void SeriesSet::adopt(const std::vector<std::uint32_t>& renumbered, std::uint32_t shown) {
  std::size_t kept = 0;
  for (const std::uint32_t number : renumbered) kept += number != kNoSeries ? 1 : 0;
  std::vector<SeriesRecord> records(kept);
  TextArena arena;
  for (std::size_t i = 0; i < series_.size(); ++i) {
    const std::uint32_t number = renumbered[i];
    if (number == kNoSeries) continue;
    const FamilyRecord& family = families_[series_[i].family];
    const bool in_table = number < shown && family.shown == family.name;
    SeriesRecord& record = records[number];
    record = series_[i];
    record.text = in_table ? kInTable : arena.add(text(static_cast<std::uint32_t>(i)));
    record.leader = renumbered[record.leader];
  }
  series_ = std::move(records);
  arena_ = std::move(arena);
  by_key_.renumber(renumbered, kNoSeries);
  by_text_.renumber(renumbered, kNoSeries);
}

void SeriesSet::drop_empty_families() {
  std::vector<char> used(families_.size(), 0);
  for (const SeriesRecord& series : series_) used[series.family] = 1;
  if (std::find(used.begin(), used.end(), 0) == used.end()) return;
  std::vector<std::uint32_t> renumbered(families_.size(), kNoSeries);
  std::vector<FamilyRecord> kept;
  for (std::size_t f = 0; f < families_.size(); ++f) {
    if (used[f] == 0) continue;
    renumbered[f] = static_cast<std::uint32_t>(kept.size());
    kept.push_back(std::move(families_[f]));
  }
  families_ = std::move(kept);
  for (SeriesRecord& series : series_) series.family = renumbered[series.family];
  for (NameClash& clash : plan_.clashes) {
    clash.keeps = renumbered[clash.keeps];
    clash.renamed = renumbered[clash.renamed];
  }
  by_family_.renumber(renumbered, kNoSeries);
}

}  // namespace weir
