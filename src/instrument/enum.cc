#include "weir/enum.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "instrument/recent_value.h"
#include "instrument/unix_time.h"
#include "weir/backend.h"
#include "weir/error.h"

namespace weir {

// Cell i is state i: 1 in that state, else 0.

void Enum::state(std::string_view name) {
  const auto& states = info().states;
  const auto it = std::find(states.begin(), states.end(), name);
  if (it == states.end()) {
    throw ValueError(
        fmt::format("enum {}: \"{}\" is none of its states: {}", info().name, name, fmt::join(states, ", ")));
  }
  enter(static_cast<std::size_t>(it - states.begin()));
}

void Enum::enter(std::size_t state) noexcept {
  double newest = 0;
  for (std::uint32_t i = 0; i < cell_count(); ++i) {
    if (const Cell* const cell = shared_cell(i))
      newest = std::max(newest, cell->timestamp.load(std::memory_order_relaxed));
  }
  const double now = stamp_after(newest);  // one time for all states
  for (std::uint32_t i = 0; i < cell_count(); ++i) {
    const double value = i == state ? 1 : 0;
    if (Cell* const cell = shared_cell(i)) {
      store_if_newer(*cell, value, now);
    } else {
      call_backend(i, "set", [value](Backend& own) { own.set(value); });
    }
  }
}

std::string Enum::state() const {
  for (std::uint32_t i = 0; i < cell_count(); ++i) {
    if (read(i) != 0) return info().states[i];
  }
  return info().states.front();
}

CellGroup::SampleName Enum::sample_name(std::uint32_t i) const {
  Labels with_state = labels();
  with_state.emplace_back(info().name, info().states[i]);
  return {info().sample_name, std::move(with_state), {}};
}

std::uint32_t Enum::sample_count() const noexcept { return static_cast<std::uint32_t>(info().states.size()); }

void Enum::opened(Storage& /*storage*/) {
  // A returning child may find cells in which it said something already.
  for (std::uint32_t i = 0; i < cell_count(); ++i) {
    const Cell* const cell = shared_cell(i);
    if (cell == nullptr || cell->value.load(std::memory_order_relaxed) != 0) return;
  }
  // The first state, without a time: it must not outshine what another process said.
  shared_cell(0)->value.store(1, std::memory_order_relaxed);
}

void Enum::describe(SeriesTableBuilder& table) const {
  for (std::uint32_t i = 0; i < cell_count(); ++i) table.series(info().sample_name, sample_name(i).labels);
}

void Enum::append_values(std::vector<double>& values) const {
  const std::size_t first = values.size();
  for (std::uint32_t i = 0; i < cell_count(); ++i) values.push_back(read_locked(i));
  const bool none =
      std::all_of(values.begin() + static_cast<std::ptrdiff_t>(first), values.end(), [](double v) { return v == 0; });
  if (none) values[first] = 1;  // a child process that has not spoken yet
}

}  // namespace weir
