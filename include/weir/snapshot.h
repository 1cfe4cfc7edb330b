// What a scrape carries from a source to an exposition: which series there are, and one value for each.
//
//   std::shared_ptr<const Collection> c = source.collect();
//   for (const MetricFamily& f : families(c->snapshot)) ... // structured, for people and tests
//   std::string body = expose(*c, Format{});                // text, see exposition.h
//
// Names and labels change rarely, values always: so the names stand in an immutable SeriesTable that scrapes
// share, and a Snapshot adds only a vector of numbers. A warm scrape allocates that vector and nothing else.
//
// Thread safety: SeriesTable is immutable and shared freely; the rest are plain values.
// Process safety: in-process values only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weir/types.h"

namespace weir {

/// Name, type, help and unit of a metric family. `name` is the OpenMetrics family name: without the `_total` of a
/// counter and the `_info` of an info.
struct FamilyHead {
  std::string name;
  MetricType type = MetricType::unknown;
  std::string help;
  std::string unit;
};

/// A trace reference attached to one sample. At most 128 UTF-8 characters of label names and values together
/// (OpenMetrics 1.0). `timestamp` is Unix seconds; 0 means none.
struct Exemplar {
  Labels labels;
  double value = 0;
  double timestamp = 0;
};

/// The series of a collection, grouped by family, without values. Immutable once built.
class SeriesTable {
 public:
  struct Family {
    FamilyHead head;
    std::size_t first = 0;  ///< index of its first series
    std::size_t count = 0;  ///< its series are [first, first + count)
  };

  std::span<const Family> families() const noexcept { return families_; }
  std::size_t size() const noexcept { return ends_.size(); }
  /// The canonical text of series `i`: `name{a="b",c="d"}`, labels sorted by name (`le` and `quantile` too), values
  /// escaped as expositions escape them; a name outside the classic rules stands quoted inside the braces.
  std::string_view series(std::size_t i) const noexcept {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return {text_.data() + begin, ends_[i] - begin};
  }
  /// True when some metric or label name breaks the classic rules and needs quoting or escaping.
  bool has_utf8_names() const noexcept { return has_utf8_names_; }
  /// Bytes of all series texts together, for sizing a body.
  std::size_t text_size() const noexcept { return text_.size(); }

 private:
  friend class SeriesTableBuilder;
  std::string text_;
  std::vector<std::size_t> ends_;
  std::vector<Family> families_;
  bool has_utf8_names_ = false;
};

/// Fills a SeriesTable front to back.
class SeriesTableBuilder {
 public:
  /// Opens a family; the series that follow are its own.
  void family(FamilyHead head);
  /// Appends a series given as canonical text (see SeriesTable::series).
  void series(std::string_view text);
  /// Appends a series given as name and labels, in any order.
  void series(std::string_view name, const Labels& labels);
  void reserve(std::size_t series, std::size_t text_bytes);
  std::shared_ptr<const SeriesTable> finish() &&;

 private:
  SeriesTable table_;
};

/// Values for a table's series at one moment. Histogram buckets are cumulative.
struct Snapshot {
  struct ExemplarAt {
    std::size_t series = 0;
    Exemplar exemplar;
  };
  struct TimestampAt {
    std::size_t series = 0;
    double seconds = 0;  ///< Unix time
  };
  std::shared_ptr<const SeriesTable> table = std::make_shared<SeriesTable>();
  std::vector<double> values;         ///< values[i] belongs to table->series(i)
  std::vector<ExemplarAt> exemplars;  ///< sorted by series, at most one each
  /// When a value was measured, where its collector said so: sorted by series, at most one each. Weir's own metrics
  /// have none: their values are of now.
  std::vector<TimestampAt> timestamps;
};

/// Something that could not be read, and was left out while everything else was served.
struct Problem {
  std::string reason;   ///< short token for `weir_collect_errors_total{reason=…}`: `truncated`, `not_a_db_file`, …
  std::string subject;  ///< the path, key or variable
  std::string message;  ///< one sentence with the value met and what would be right
};
/// For people and logs: one line without control characters, the subject first where the message does not name it.
std::string message_with_subject(const Problem& problem);

/// What one collection gave.
struct Collection {
  Snapshot snapshot;
  std::vector<Problem> problems;
};

/// Anything that can be scraped: a registry, a directory, a Redis.
class Source {
 public:
  virtual ~Source() = default;
  /// Reads every value anew. Never throws for bad input: that becomes a Problem. Safe from several threads at once.
  virtual std::shared_ptr<const Collection> collect() = 0;
  /// What is being read, for people: `directory /run/metrics`.
  virtual std::string describe() const = 0;
};

/// One line of an exposition, in full.
struct Sample {
  std::string name;
  Labels labels;  ///< sorted by name
  double value = 0;
  std::optional<Exemplar> exemplar;
  std::optional<double> timestamp = std::nullopt;  ///< Unix seconds, where the value is not of now
};

/// A family with its samples, in full: the convenient, slower view of a collection.
struct MetricFamily {
  FamilyHead head;
  std::vector<Sample> samples;
};

/// The collection's families, in exposition order.
std::vector<MetricFamily> families(const Snapshot& snapshot);
/// The other way: a snapshot of hand-made families (custom collectors, tests).
Snapshot snapshot_of(const std::vector<MetricFamily>& families);

}  // namespace weir
