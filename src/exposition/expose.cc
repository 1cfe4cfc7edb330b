#include <map>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "exposition/heading.h"
#include "exposition/line_writer.h"
#include "exposition/name_escaping.h"
#include "exposition/name_filter.h"
#include "model/series_text.h"
#include "weir/exposition.h"

namespace weir {
namespace {

/// Every series as the table spells it: the way of nearly every scrape.
void write_as_spelled(LineWriter& out, const SeriesTable& table, const Format& format, const NameFilter& filter) {
  for (const SeriesTable::Family& family : table.families()) {
    if (!filter.selects(table, family)) continue;
    const Heading heading = heading_of(table, family, format);
    out.heading(heading);
    out.series(family.first, family.first + family.count, heading.type);
  }
}

/// Families that escaping gave one name. They share a header, or where their types differ have none in common.
struct Group {
  Heading heading;
  bool types_differ = false;
  std::vector<const SeriesTable::Family*> families;
};

std::vector<Group> group_by_escaped_name(const SeriesTable& table, const Format& format, const NameFilter& filter) {
  std::vector<Group> groups;
  std::unordered_map<std::string, std::size_t> known;
  for (const SeriesTable::Family& family : table.families()) {
    if (!filter.selects(table, family)) continue;
    Heading heading = heading_of(table, family, format);
    const MetricType type = heading.type;
    const auto [at, fresh] = known.try_emplace(heading.name, groups.size());
    if (fresh) groups.push_back({std::move(heading), false, {}});
    Group& group = groups[at->second];
    if (group.heading.type != type) group.types_differ = true;
    group.families.push_back(&family);
  }
  return groups;
}

struct EscapedSeries {
  std::string text;
  std::size_t index;
};

/// The group's series in order; of equal ones the first.
std::vector<EscapedSeries> escaped_series_of(const SeriesTable& table, const Group& group, NameEscaping scheme) {
  std::vector<EscapedSeries> series;
  std::unordered_set<std::string> printed;
  for (const SeriesTable::Family* family : group.families) {
    for (std::size_t i = family->first; i < family->first + family->count; ++i) {
      std::string text = escape_series(table.series(i), family->head.name, family->head.type, scheme);
      if (printed.insert(text).second) series.push_back({std::move(text), i});
    }
  }
  return series;
}

/// Every sample name becomes a family of unknown type: no single type would let a parser accept them all.
void write_untyped(LineWriter& out, const Group& group, const std::vector<EscapedSeries>& series) {
  std::map<std::string_view, std::vector<const EscapedSeries*>> by_name;
  for (const EscapedSeries& one : series) by_name[series_name(one.text)].push_back(&one);
  for (const auto& [name, members] : by_name) {
    out.heading({std::string(name), MetricType::unknown, group.heading.head});
    for (const EscapedSeries* one : members) out.series_as(one->text, one->index, MetricType::unknown);
  }
}

void write_escaped(LineWriter& out, const SeriesTable& table, const Format& format, const NameFilter& filter) {
  for (const Group& group : group_by_escaped_name(table, format, filter)) {
    const std::vector<EscapedSeries> series = escaped_series_of(table, group, format.escaping);
    if (group.types_differ) {
      write_untyped(out, group, series);
      continue;
    }
    out.heading(group.heading);
    for (const EscapedSeries& one : series) out.series_as(one.text, one.index, group.heading.type);
  }
}

}  // namespace

void expose(const Collection& collection, const Format& format, std::span<const std::string> names, std::string& body) {
  const Snapshot& snapshot = collection.snapshot;
  const NameFilter filter(names, format.escaping);
  LineWriter out(snapshot, format, body);
  if (snapshot.table->has_utf8_names() && format.escaping != NameEscaping::allow_utf8) {
    write_escaped(out, *snapshot.table, format, filter);
  } else {
    write_as_spelled(out, *snapshot.table, format, filter);
  }
  out.end();
}

std::string expose(const Collection& collection, const Format& format, std::span<const std::string> names) {
  std::string body;
  expose(collection, format, names, body);
  return body;
}

}  // namespace weir
