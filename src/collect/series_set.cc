#include "collect/series_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "collect/merge_rule.h"
#include "format/number.h"
#include "model/series_text.h"
#include "weir/error.h"

namespace weir {
namespace {

constexpr std::string_view kTotal = "_total";

std::uint64_t kind_code(FileKind kind) noexcept {
  return static_cast<std::uint64_t>(kind.type) * 16 + static_cast<std::uint64_t>(kind.mode);
}

/// Kinds whose series are the same series: `live` or not makes no difference to how values combine.
FileKind merged_kind(FileKind kind) noexcept {
  return {.type = kind.type, .mode = kind.type == MetricType::gauge ? without_live(kind.mode) : GaugeMode::all};
}

void sort_labels(const MetricKey& key, Labels& labels) {
  const auto by_name = [](const Label& a, const Label& b) { return a.first < b.first; };
  if (!std::is_sorted(labels.begin(), labels.end(), by_name)) std::sort(labels.begin(), labels.end(), by_name);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].first.empty())
      throw FormatError(fmt::format("the key of {} has a label without a name", key.sample_name));
    // Prometheus keeps the metric's name under this one, and refuses a whole scrape that has it twice (I4).
    if (labels[i].first == "__name__")
      throw FormatError(fmt::format("the key of {} has a label __name__", key.sample_name));
    if (i > 0 && labels[i].first == labels[i - 1].first) {
      throw FormatError(fmt::format("the key of {} has the label {} twice", key.sample_name, labels[i].first));
    }
  }
}

Labels::iterator find_label(Labels& labels, std::string_view name) {
  return std::find_if(labels.begin(), labels.end(), [&](const Label& label) { return label.first == name; });
}

/// The label `pid` of a gauge that keeps a series a process. It replaces a label of that name, as in stock.
void set_pid(Labels& labels, std::string_view identity) {
  if (const auto at = find_label(labels, "pid"); at != labels.end()) {
    at->second = identity;
    return;
  }
  const auto at = std::find_if(labels.begin(), labels.end(), [](const Label& label) { return label.first > "pid"; });
  labels.insert(at, Label{"pid", identity});
}

double bound_of(const MetricKey& key, const std::string& text) {
  const double bound = parse_number(text);
  if (std::isnan(bound))
    throw FormatError(fmt::format("the key of {} has le=\"{}\", which bounds nothing", key.sample_name, text));
  return bound;
}

}  // namespace

SeriesSet::SeriesSet(bool accumulate) : accumulate_(accumulate), seed_(HashSeed::random()) {}

void SeriesSet::begin_file(FileKind kind, std::string_view identity) {
  const FileKind merged = merged_kind(kind);
  // The same key is another series in a file of another kind, and in every file where series carry the pid.
  if (merged != file_kind_ || has_pid_label(merged)) expected_.clear();
  expected_.rewind();
  file_kind_ = merged;
  file_identity_ = identity;
  kind_seed_ = file_seed_ = seed_.with(kind_code(merged));
  if (has_pid_label(merged)) file_seed_ = file_seed_.with(hash_of(identity, seed_));
}

std::uint32_t SeriesSet::intern_unexpected(std::string_view key) {
  const Hash128 hash = hash_of(key, file_seed_);
  // New keys come in rows: parsing one at once hides the wait for the index, which does not fit in a near cache.
  by_key_.prefetch(hash);
  const bool is_parsed = last_key_was_new_;
  if (is_parsed) parser_.parse(key, parsed_);
  std::uint32_t number = 0;
  if (const std::uint32_t* known = by_key_.find(hash)) {
    number = *known;
    last_key_was_new_ = false;
  } else {
    if (!is_parsed) parser_.parse(key, parsed_);
    last_key_was_new_ = true;
    number = resolve(file_kind_, file_identity_);
    by_key_.insert(hash, number);
  }
  if (!has_pid_label(file_kind_)) expected_.put(key, number);
  return number;
}

std::uint32_t SeriesSet::resolve(FileKind kind, std::string_view identity) {
  MetricKey& key = parsed_;
  if (key.metric_name.empty()) throw FormatError("the key has an empty metric name");
  const bool counts_itself = kind.type == MetricType::counter && key.sample_name == key.metric_name;
  if (counts_itself && key.metric_name.size() > kTotal.size() && key.metric_name.ends_with(kTotal)) {
    key.metric_name.resize(key.metric_name.size() - kTotal.size());
  }
  if (!key.sample_name.starts_with(key.metric_name)) {
    throw FormatError(fmt::format("sample {} does not belong to metric {}: its name must begin with the metric's",
                                  key.sample_name, key.metric_name));
  }
  sort_labels(key, key.labels);
  if (has_pid_label(kind)) set_pid(key.labels, identity);
  const std::uint32_t family = family_of(kind);
  if (kind.type == MetricType::histogram || kind.type == MetricType::summary) return series_of_label_set(family);
  return series_of(family, key.sample_name, key.labels);
}

std::uint32_t SeriesSet::family_of(FileKind kind) {
  const Hash128 hash = hash_of(parsed_.metric_name, kind_seed_);
  std::uint32_t number = static_cast<std::uint32_t>(families_.size());
  if (const std::uint32_t* known = by_family_.find(hash)) {
    number = *known;
  } else {
    by_family_.insert(hash, number);
    families_.push_back({.name = parsed_.metric_name,
                         .kind = kind,
                         .help = parsed_.help,
                         .suffixes = {},
                         .shown = parsed_.metric_name,
                         .seed = kind_seed_.with(hash)});
  }
  note_family_text(families_[number]);
  return number;
}

/// Of several help texts the first in sorted order that is not empty is shown: the same one whatever the order of
/// files.
void SeriesSet::note_family_text(FamilyRecord& family) {
  if (parsed_.help != family.help) {
    helps_differ_ = true;
    if (family.help.empty() || (!parsed_.help.empty() && parsed_.help < family.help)) family.help = parsed_.help;
    changed_ = true;
  }
  const std::string_view suffix = std::string_view{parsed_.sample_name}.substr(family.name.size());
  if (std::find(family.suffixes.begin(), family.suffixes.end(), suffix) == family.suffixes.end()) {
    family.suffixes.emplace_back(suffix);
  }
}

std::uint32_t SeriesSet::series_of(std::uint32_t family, std::string_view name, const Labels& labels) {
  text_.clear();
  append_series_text(text_, name, labels);
  const Hash128 hash = hash_of(text_, families_[family].seed);
  if (const std::uint32_t* known = by_text_.find(hash)) return *known;
  const auto number = static_cast<std::uint32_t>(series_.size());
  series_.push_back({.family = family, .leader = number, .text = arena_.add(text_)});
  by_text_.insert(hash, number);
  return number;
}

std::uint32_t SeriesSet::series_of_label_set(std::uint32_t family) {
  const std::string& name = families_[family].name;
  const bool is_histogram = families_[family].kind.type == MetricType::histogram;
  MetricKey& key = parsed_;
  Label place;
  const auto at = find_label(key.labels, is_histogram ? "le" : "quantile");
  const bool is_placed = at != key.labels.end();
  const auto place_index = at - key.labels.begin();
  if (is_placed) {
    place = std::move(*at);
    key.labels.erase(at);
  }
  const std::string count = name + "_count";
  const double bound = is_histogram && is_placed ? bound_of(key, place.second) : 0;
  const std::uint32_t leader = series_of(family, count, key.labels);
  series_[leader].role = SampleRole::count;
  if (!is_placed && key.sample_name == count) return leader;

  if (is_placed) {
    if (is_histogram) place.second = bucket_bound(bound);
    key.labels.insert(key.labels.begin() + place_index, std::move(place));
  }
  const bool is_bucket = is_histogram && is_placed;
  const std::uint32_t number = series_of(family, is_bucket ? name + "_bucket" : key.sample_name, key.labels);
  SeriesRecord& series = series_[number];
  series.leader = leader;
  series.bound = bound;
  series.role = is_bucket ? SampleRole::bucket : key.sample_name == name + "_sum" ? SampleRole::sum : SampleRole::other;
  return number;
}

void SeriesSet::add_reference(std::uint32_t series) {
  if (series_[series].references++ == 0) changed_ = true;
}

void SeriesSet::drop_reference(std::uint32_t series) {
  if (--series_[series].references == 0) changed_ = true;
}

std::string_view SeriesSet::text(std::uint32_t series) const {
  const std::uint32_t text = series_[series].text;
  return text == kInTable ? plan_.table->series(series) : arena_[text];
}

}  // namespace weir
