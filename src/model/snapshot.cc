#include "weir/snapshot.h"

#include <utility>

#include "model/names.h"
#include "model/printable.h"
#include "model/series_text.h"
#include "weir/error.h"

namespace weir {
namespace {

/// True when a quote stands where a name may begin; also when it ends a value `…,`. Without an early way out, so that
/// compilers make vectors of it: hundreds of thousands of texts are asked, few have one.
bool may_have_quoted_name(std::string_view text) noexcept {
  unsigned char found = 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    const int quote = text[i] == '"';
    const int opens = text[i - 1] == '{';
    const int follows = text[i - 1] == ',';
    found |= static_cast<unsigned char>(quote & (opens | follows));
  }
  return found != 0;
}

/// True when a metric or label name of this canonical text stands quoted.
bool has_quoted_name(std::string_view text) noexcept {
  if (!may_have_quoted_name(text)) return false;
  std::size_t at = text.find('{');
  if (at == std::string_view::npos) return false;
  while (at < text.size() && (text[at] == '{' || text[at] == ',')) {
    ++at;
    if (at < text.size() && text[at] == '"') return true;
    at = text.find('"', at);  // opens the value
    if (at == std::string_view::npos) return false;
    for (++at; at < text.size() && text[at] != '"'; ++at) {
      if (text[at] == '\\') ++at;
    }
    ++at;
  }
  return false;
}

Sample sample_of(std::string_view series, double value) {
  SeriesParts parts = parse_series_text(series);
  return Sample{std::move(parts.name), std::move(parts.labels), value, std::nullopt, std::nullopt};
}

}  // namespace

void SeriesTableBuilder::family(FamilyHead head) {
  if (!is_classic_metric_name(head.name)) table_.has_utf8_names_ = true;
  table_.families_.push_back({std::move(head), table_.ends_.size(), 0});
}

void SeriesTableBuilder::series(std::string_view text) {
  if (table_.families_.empty()) throw Error("cannot add series \"" + std::string(text) + "\": no family is open");
  table_.text_ += text;
  table_.ends_.push_back(table_.text_.size());
  ++table_.families_.back().count;
  if (!table_.has_utf8_names_) table_.has_utf8_names_ = has_quoted_name(text);
}

void SeriesTableBuilder::series(std::string_view name, const Labels& labels) {
  std::string text;
  append_series_text(text, name, labels);
  series(text);
}

void SeriesTableBuilder::reserve(std::size_t series, std::size_t text_bytes) {
  table_.ends_.reserve(series);
  table_.text_.reserve(text_bytes);
}

std::shared_ptr<const SeriesTable> SeriesTableBuilder::finish() && {
  return std::make_shared<const SeriesTable>(std::move(table_));
}

std::string message_with_subject(const Problem& problem) {
  if (problem.message.find(problem.subject) != std::string::npos) return in_one_line(problem.message);
  return in_one_line(problem.subject + ": " + problem.message);
}

std::vector<MetricFamily> families(const Snapshot& snapshot) {
  const SeriesTable& table = *snapshot.table;
  std::vector<MetricFamily> result;
  result.reserve(table.families().size());
  auto exemplar = snapshot.exemplars.begin();
  auto timestamp = snapshot.timestamps.begin();
  for (const SeriesTable::Family& family : table.families()) {
    MetricFamily& full = result.emplace_back(MetricFamily{family.head, {}});
    full.samples.reserve(family.count);
    for (std::size_t i = family.first; i < family.first + family.count; ++i) {
      Sample& sample = full.samples.emplace_back(sample_of(table.series(i), snapshot.values[i]));
      if (exemplar != snapshot.exemplars.end() && exemplar->series == i) sample.exemplar = (exemplar++)->exemplar;
      if (timestamp != snapshot.timestamps.end() && timestamp->series == i) sample.timestamp = (timestamp++)->seconds;
    }
  }
  return result;
}

Snapshot snapshot_of(const std::vector<MetricFamily>& families) {
  Snapshot snapshot;
  SeriesTableBuilder builder;
  for (const MetricFamily& family : families) {
    builder.family(family.head);
    for (const Sample& sample : family.samples) {
      if (sample.exemplar) snapshot.exemplars.push_back({snapshot.values.size(), *sample.exemplar});
      if (sample.timestamp) snapshot.timestamps.push_back({snapshot.values.size(), *sample.timestamp});
      builder.series(sample.name, sample.labels);
      snapshot.values.push_back(sample.value);
    }
  }
  snapshot.table = std::move(builder).finish();
  return snapshot;
}

}  // namespace weir
