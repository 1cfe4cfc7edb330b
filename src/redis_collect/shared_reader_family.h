// One metric of the shared layout: its keys, its label sets, and the values last read.
//
//   SharedFamily family("latency_seconds", metadata, keys);
//   family.begin();
//   family.take(column, reply, problems);               // the reply to family.columns()[column].command
//   family.refer(set, problems);  …  family.renumber(numbers);  family.give(values);
//
// Keys are columns, label sets rows. A column remembers which row each of its fields is, in the order the server sent
// them: a warm reply is compared field by field with what came last time, and nothing is parsed but numbers.
//
// Buckets come cumulated, but the keys of one histogram are not read at one instant: each bucket is shown at least as
// large as the one below it, and `+Inf` and `_count` as the largest of all, so what is shown is always a histogram.
//
// Thread safety: one thread at a time. Invariants: I2, I4, I5.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collect/series_set.h"
#include "redis_collect/redis_merge_reading.h"
#include "redis_collect/redis_merge_values.h"
#include "redis_layout/shared_keys.h"
#include "redis_layout/shared_metadata.h"

namespace weir {

class SharedFamily {
 public:
  struct Column {
    enum class Role : std::uint8_t { value, bucket, count, sum };
    std::string key;
    std::string bound;  // of a bucket, as the key spells it
    Role role = Role::value;

    // Of a hash: its fields, and those in the order of the last reply.
    struct Field {
      std::string text;
      std::uint32_t row = 0;
    };
    std::deque<Field> fields;
    std::unordered_map<std::string_view, std::uint32_t> by_text;
    std::vector<std::uint32_t> order;
  };

  /// `is_hash`: values stand in hashes, by labels.
  SharedFamily(std::string name, SharedMetadata metadata, const SharedKeys& keys, bool is_hash);

  const std::string& name() const noexcept { return name_; }
  const SharedMetadata& metadata() const noexcept { return metadata_; }
  bool is_hash() const noexcept { return is_hash_; }
  const std::vector<Column>& columns() const noexcept { return columns_; }
  RedisCommand command(std::size_t column) const;

  void begin();
  void take(std::size_t column, const RedisReply& reply, std::vector<Problem>& problems);
  /// True when references were taken away.
  bool refer(SeriesSet& set, std::vector<Problem>& problems);
  void renumber(const std::vector<std::uint32_t>& renumbered);
  void give(ReadValues& values) const;
  void forget_series() noexcept;
  /// Gives every reference back.
  void forget(SeriesSet& set);
  bool shows(const SeriesSet& set, std::uint32_t family) const;

 private:
  static constexpr std::uint32_t kNoRow = 0xFFFFFFFF;  // of a field that is no label set
  struct Row {
    Labels labels;
    bool is_seen = false;  // in this collection
    bool is_referenced = false;
    std::string refused;  // why its series is none
  };

  std::string name_;
  SharedMetadata metadata_;
  bool is_hash_;
  FileKind kind_;
  std::vector<Column> columns_;
  std::vector<Row> rows_;
  std::unordered_map<std::string, std::uint32_t> by_labels_;  // canonical field to row
  std::vector<double> values_;                                // rows by columns
  std::vector<std::uint32_t> series_;                         // likewise
  KeyParser parser_;
  MetricKey parsed_;

  void add_column(std::string key, Column::Role role, std::string bound = {});
  std::uint32_t row_of_field(Column& column, std::size_t position, const std::string& field,
                             std::vector<Problem>& problems);
  std::uint32_t new_field(Column& column, const std::string& field);
  std::uint32_t row_of(Labels labels);
  void add(Column& column, std::size_t number, std::uint32_t row, const std::string& text,
           std::vector<Problem>& problems);
  bool find_series(SeriesSet& set, std::uint32_t row, std::vector<Problem>& problems);
  std::string json_key_of(const Column& column, const Labels& labels) const;
  void give_histogram(ReadValues& values, std::uint32_t row) const;
};

}  // namespace weir
