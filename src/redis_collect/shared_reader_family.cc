#include "redis_collect/shared_reader_family.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "format/number.h"
#include "model/printable.h"
#include "weir/error.h"

namespace weir {
namespace {

/// There is one value for all processes, so no gauge has a series a process.
FileKind kind_of(const SharedMetadata& metadata) {
  const bool apart = without_live(metadata.mode) == GaugeMode::all;
  return {.type = metadata.type,
          .mode = metadata.type != MetricType::gauge ? GaugeMode::all
                  : apart                            ? GaugeMode::sum
                                                     : metadata.mode};
}

}  // namespace

SharedFamily::SharedFamily(std::string name, SharedMetadata metadata, const SharedKeys& keys, bool is_hash)
    : name_(std::move(name)), metadata_(std::move(metadata)), is_hash_(is_hash), kind_(kind_of(metadata_)) {
  const bool is_histogram = metadata_.type == MetricType::histogram;
  if (!is_histogram && metadata_.type != MetricType::summary) {
    add_column(keys.value(name_), Column::Role::value);
    return;
  }
  if (is_histogram) {
    if (metadata_.buckets.empty() || metadata_.buckets.back() != "+Inf") metadata_.buckets.emplace_back("+Inf");
    for (const std::string& bound : metadata_.buckets) add_column(keys.part(name_, bound), Column::Role::bucket, bound);
  }
  add_column(keys.part(name_, "count"), Column::Role::count);
  add_column(keys.part(name_, "sum"), Column::Role::sum);
}

void SharedFamily::add_column(std::string key, Column::Role role, std::string bound) {
  Column& column = columns_.emplace_back();
  column.key = std::move(key);
  column.role = role;
  column.bound = std::move(bound);
}

RedisCommand SharedFamily::command(std::size_t column) const {
  return read_command({is_hash_ ? "HGETALL" : "GET", columns_[column].key});
}

void SharedFamily::begin() {
  std::fill(values_.begin(), values_.end(), 0);
  for (Row& row : rows_) row.is_seen = false;
}

void SharedFamily::take(std::size_t number, const RedisReply& reply, std::vector<Problem>& problems) {
  Column& column = columns_[number];
  if (reply.is_error()) {
    problems.push_back(problem_of_error(column.key, reply));
    return;
  }
  if (!is_hash_) {
    if (!reply.is_nil()) add(column, number, row_of({}), reply.text, problems);
    return;
  }
  const std::size_t fields = reply.elements.size() / 2;
  // Fields that came and went are forgotten once they are the most.
  if (column.fields.size() > 2 * fields + 1000) {
    column.by_text.clear();
    column.fields.clear();
    column.order.clear();
  }
  column.order.resize(fields, kNoRow);
  for (std::size_t i = 0; i < fields; ++i) {
    const std::uint32_t row = row_of_field(column, i, reply.elements[2 * i].text, problems);
    if (row != kNoRow) add(column, number, row, reply.elements[2 * i + 1].text, problems);
  }
}

std::uint32_t SharedFamily::row_of_field(Column& column, std::size_t position, const std::string& field,
                                         std::vector<Problem>& problems) {
  std::uint32_t& expected = column.order[position];
  if (expected >= column.fields.size() || column.fields[expected].text != field) {
    const auto known = column.by_text.find(field);
    expected = known != column.by_text.end() ? known->second : new_field(column, field);
  }
  const std::uint32_t row = column.fields[expected].row;
  if (row == kNoRow) {
    problems.push_back({"bad_key", column.key,
                        fmt::format("{}: field {} is not a JSON object of labels", column.key, printable(field))});
  }
  return row;
}

/// Labels in any order are the same row (I5).
std::uint32_t SharedFamily::new_field(Column& column, const std::string& field) {
  std::uint32_t row = kNoRow;
  try {
    // The labels of a JSON key are spelled the same; the parser reads them within one.
    parser_.parse(fmt::format(R"(["a", "a", {}, ""])", field), parsed_);
    if (field.starts_with('{')) row = row_of(parsed_.labels);
  } catch (const FormatError&) {
  }
  const auto number = static_cast<std::uint32_t>(column.fields.size());
  const Column::Field& stored = column.fields.emplace_back(Column::Field{field, row});
  column.by_text.emplace(stored.text, number);
  return number;
}

std::uint32_t SharedFamily::row_of(Labels labels) {
  const auto [at, is_new] = by_labels_.try_emplace(shared_field(labels), static_cast<std::uint32_t>(rows_.size()));
  if (is_new) {
    rows_.push_back({.labels = std::move(labels), .refused = {}});
    values_.resize(rows_.size() * columns_.size(), 0);
    series_.resize(rows_.size() * columns_.size(), kNoSeries);
  }
  return at->second;
}

void SharedFamily::add(Column& column, std::size_t number, std::uint32_t row, const std::string& text,
                       std::vector<Problem>& problems) {
  double value = 0;
  try {
    value = parse_number(text);
  } catch (const FormatError& error) {
    problems.push_back({"bad_value", column.key, fmt::format("{}: {}", column.key, error.what())});
    return;
  }
  const bool is_count =
      kind_.type == MetricType::counter || column.role == Column::Role::bucket || column.role == Column::Role::count;
  if (is_count && std::isnan(value)) {
    problems.push_back(
        {"nan_value", column.key, fmt::format("{} is NaN; a count is a number, so it is left out", column.key)});
    return;
  }
  values_[row * columns_.size() + number] += value;
  rows_[row].is_seen = true;
}

}  // namespace weir
