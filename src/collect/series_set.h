// Which series a directory holds: every key met becomes a number, the same number for the same series.
//
//   SeriesSet set{true};
//   set.begin_file(kind, identity);                            // the keys that follow are of this file
//   std::uint32_t n = set.intern(raw_key);                     // parses a key only the first time it is met
//   set.add_reference(n);                                      // one a cell
//   if (set.changed()) numbers = set.settle();                 // afterwards number == index in set.plan().table
//
// A key's bytes are not kept, only their hash; a series' text stands in the SeriesTable once settled, and meanwhile in
// an arena. So numbers have two lives: any order while they are met, table order after settle(), which tells who became
// what.
//
// Thread safety: one thread at a time (the table it makes is immutable and shared).
// Invariants: I4 (a bad key is refused, nothing else suffers), I5 (label order, spelling of `le`), I8 (what no cell
// refers to is dropped when the set settles).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collect/hash_index.h"
#include "collect/key_sequence.h"
#include "collect/name_clash.h"
#include "collect/text_arena.h"
#include "format/file_name.h"
#include "format/json_key.h"
#include "weir/snapshot.h"

namespace weir {

/// No series: dropped, or never was.
inline constexpr std::uint32_t kNoSeries = 0xFFFFFFFF;
/// SeriesRecord::text of a series whose text stands in the table.
inline constexpr std::uint32_t kInTable = 0xFFFFFFFF;

/// What a series is within its family; also the order of the samples of one label set.
enum class SampleRole : std::uint8_t { other, bucket, count, sum };

struct SeriesRecord {
  std::uint32_t family = 0;
  std::uint32_t leader = 0;      ///< stands for the label set: `_count` in histograms and summaries, else itself
  std::uint32_t references = 0;  ///< cells
  std::uint32_t text = 0;        ///< in the arena; kInTable: in the table, at the series' own number
  double bound = 0;              ///< upper bound of a bucket
  SampleRole role = SampleRole::other;
};

struct FamilyRecord {
  std::string name;  ///< without `_total` for counters
  FileKind kind;     ///< mode without its `live`
  std::string help;
  std::vector<std::string> suffixes;  ///< of the sample names met: `_total`; `_bucket`, `_sum`; …
  std::string shown;                  ///< the name it is exposed by: another one after a clash
  HashSeed seed;                      ///< of its series' texts
};

/// How cells become the values of a table.
struct MergePlan {
  struct Range {  ///< series [first, first + count) merge by one rule
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    FileKind kind;
  };
  struct Histogram {  ///< buckets [first, first + buckets) are cumulated; `_count`, if any, follows
    std::uint32_t first = 0;
    std::uint32_t buckets = 0;
    bool has_count = false;
  };
  std::shared_ptr<const SeriesTable> table = std::make_shared<SeriesTable>();
  std::vector<Range> ranges;
  std::vector<Histogram> histograms;
  std::vector<NameClash> clashes;  ///< of families, by their numbers
};

class SeriesSet {
 public:
  /// `accumulate`: histogram buckets become cumulative and get a `_count`.
  explicit SeriesSet(bool accumulate);

  /// `identity` must outlive the file's last intern().
  void begin_file(FileKind kind, std::string_view identity);
  /// The series of a key, given without spaces at its end. Throws FormatError for a key that is not one.
  std::uint32_t intern(std::string_view key) {
    if (const auto expected = expected_.match(key)) return *expected;
    return intern_unexpected(key);
  }
  /// How many keys the next file is likely to have.
  std::size_t expected_keys() const noexcept { return expected_.size(); }
  void add_reference(std::uint32_t series);
  void drop_reference(std::uint32_t series);
  /// True when series came or went since settle().
  bool changed() const noexcept { return changed_; }
  /// Drops what nothing refers to, puts the rest in order, makes a new plan. Returns the new number of every old one.
  std::vector<std::uint32_t> settle();

  const MergePlan& plan() const noexcept { return plan_; }
  const FamilyRecord& family(std::uint32_t family) const { return families_[family]; }
  const SeriesRecord& series(std::uint32_t series) const { return series_[series]; }
  std::string_view text(std::uint32_t series) const;
  /// True when processes disagree on some help text, so that which one is shown depends on who still lives.
  bool helps_differ() const noexcept { return helps_differ_; }
  HashSeed seed() const noexcept { return seed_; }

 private:
  bool accumulate_;
  HashSeed seed_;
  FileKind file_kind_;  // of the file begun, mode without its `live`
  std::string_view file_identity_;
  HashSeed kind_seed_;  // of its kind's families
  HashSeed file_seed_;  // of its keys
  KeySequence expected_;
  KeyParser parser_;
  MetricKey parsed_;
  std::string text_;  // reused
  HashIndex by_key_;
  HashIndex by_text_;
  HashIndex by_family_;
  bool last_key_was_new_ = false;
  std::vector<FamilyRecord> families_;
  std::vector<SeriesRecord> series_;
  TextArena arena_;
  MergePlan plan_;
  bool changed_ = false;
  bool helps_differ_ = false;

  std::uint32_t intern_unexpected(std::string_view key);
  std::uint32_t resolve(FileKind kind, std::string_view identity);
  std::uint32_t family_of(FileKind kind);
  void note_family_text(FamilyRecord& family);
  std::uint32_t series_of(std::uint32_t family, std::string_view name, const Labels& labels);
  std::uint32_t series_of_label_set(std::uint32_t family);

  struct ByFamily;
  std::vector<char> series_to_show() const;
  ByFamily group_by_family(const std::vector<char>& shown) const;
  std::vector<std::uint32_t> name_families(const ByFamily& grouped, MergePlan& plan);
  std::uint32_t tabulate(const std::vector<std::uint32_t>& order, ByFamily& grouped, MergePlan& plan,
                         std::vector<std::uint32_t>& renumbered) const;
  void adopt(const std::vector<std::uint32_t>& renumbered, std::uint32_t shown);
  void drop_empty_families();
};

}  // namespace weir
