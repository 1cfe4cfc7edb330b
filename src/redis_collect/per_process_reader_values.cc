// The values of known cells: asked for, checked, brought to their series.
#include <fmt/format.h>

#include <cmath>

#include "format/number.h"
#include "model/printable.h"
#include "redis_collect/per_process_reader.h"
#include "redis_layout/exemplar_json.h"
#include "weir/error.h"

namespace weir {

void PerProcessReader::read_values(std::vector<Problem>& problems) {
  reading_.ask_each(commands_, [&](std::size_t i, RedisReply& reply) {
    cells_[i].has_value = false;
    take(i, reply, problems);
  });
}

void PerProcessReader::take(std::size_t i, RedisReply& reply, std::vector<Problem>& problems) {
  Cell& cell = cells_[i];
  const std::string& key = commands_[i].arguments[1];
  if (reply.elements.empty()) {
    problems.push_back(problem_of_error(key, reply));
    return;
  }
  const RedisReply& value = reply.elements[0];
  if (value.is_nil()) {
    // A key of Python's may have gone since it was found.
    if (!owners_[cell.owner].is_foreign) {
      problems.push_back({"no_value", key, fmt::format("{} is in its writer's index but holds no value", key)});
    }
    return;
  }
  try {
    cell.value = parse_number(value.text);
    const bool has_time = cell.kind.type == MetricType::gauge && reply.elements.size() > 1;
    cell.timestamp = has_time && !reply.elements[1].is_nil() ? parse_number(reply.elements[1].text) : 0;
  } catch (const FormatError& error) {
    problems.push_back({"bad_value", key, fmt::format("{}: {}", key, error.what())});
    return;
  }
  if (cell.kind.type == MetricType::counter && std::isnan(cell.value)) {
    problems.push_back({"nan_value", key, fmt::format("{} is NaN; a count is a number, so it is left out", key)});
    return;
  }
  cell.has_value = true;
  if (cell.kind.type != MetricType::gauge && reply.elements.size() > 1) {
    take_exemplar(cell, key, std::move(reply.elements[1].text), problems);
  }
}

void PerProcessReader::take_exemplar(Cell& cell, const std::string& key, std::string json,
                                     std::vector<Problem>& problems) const {
  if (json.empty()) {
    cell.exemplar.reset();
    return;
  }
  if (cell.exemplar && cell.exemplar->json == json && cell.exemplar->is_good) return;
  cell.exemplar = std::make_unique<ReadExemplar>();
  cell.exemplar->json = std::move(json);
  try {
    cell.exemplar->exemplar = parse_exemplar_json(cell.exemplar->json);
    cell.exemplar->is_good = true;
  } catch (const FormatError& error) {
    problems.push_back({"bad_exemplar", key, fmt::format("{}: {}", key, error.what())});
  }
}

/// A series is referred to while it has values: one whose value cannot be read is not shown as 0.
void PerProcessReader::refer(SeriesSet& set, std::vector<Problem>& problems) {
  lost_series_ = !dropped_.empty();
  for (const std::uint32_t series : dropped_) set.drop_reference(series);
  dropped_.clear();
  const Cell* begun = nullptr;  // its owner and kind are the set's file
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    Cell& cell = cells_[i];
    if (cell.has_value && cell.series == kNoSeries) {
      if (begun == nullptr || begun->owner != cell.owner || begun->kind != cell.kind) {
        set.begin_file(cell.kind, identity_of(owners_[cell.owner].name));
        begun = &cell;
      }
      cell.has_value = find_series(set, i, problems);
    }
    if (cell.has_value == cell.is_referenced) continue;
    if (cell.has_value) {
      set.add_reference(cell.series);
    } else {
      set.drop_reference(cell.series);
      lost_series_ = true;
    }
    cell.is_referenced = cell.has_value;
  }
}

bool PerProcessReader::find_series(SeriesSet& set, std::size_t i, std::vector<Problem>& problems) {
  Cell& cell = cells_[i];
  KeyText& text = *cell.key;
  const std::string& key = commands_[i].arguments[1];
  if (text.json.empty()) {
    const std::string meta = keys_.meta_of_member(member_of(i), owners_[cell.owner].name);
    problems.push_back(
        {"no_metadata", key,
         fmt::format("{} has no field original_key, so nobody knows what the value of {} counts", meta, key)});
    return false;
  }
  if (text.refused.empty()) {
    try {
      cell.series = set.intern(text.json);
      return true;
    } catch (const FormatError& error) {
      text.refused = error.what();
    }
  }
  problems.push_back({"bad_key", key, fmt::format("{}: original_key {}: {}", key, printable(text.json), text.refused)});
  return false;
}

void PerProcessReader::renumber(const std::vector<std::uint32_t>& renumbered) {
  for (Cell& cell : cells_) {
    if (cell.series != kNoSeries) cell.series = renumbered[cell.series];
  }
}

void PerProcessReader::give(ReadValues& values) const {
  for (const Cell& cell : cells_) {
    if (!cell.is_referenced) continue;
    values.put(cell.kind, cell.series, cell.value, cell.timestamp);
    if (cell.exemplar && cell.exemplar->is_good) values.put(cell.series, cell.exemplar->exemplar);
  }
}

void PerProcessReader::forget_series() noexcept {
  dropped_.clear();
  for (Cell& cell : cells_) {
    cell.series = kNoSeries;
    cell.is_referenced = false;
  }
}

std::string PerProcessReader::key_of(const SeriesSet& set, std::uint32_t family) const {
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    if (cells_[i].is_referenced && set.series(cells_[i].series).family == family) return commands_[i].arguments[1];
  }
  return {};
}

}  // namespace weir
