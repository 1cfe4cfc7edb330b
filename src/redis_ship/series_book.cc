#include "redis_ship/series_book.h"

#include <algorithm>

#include "format/json_key.h"
#include "redis_layout/redis_keys.h"

namespace weir {
namespace {

bool is_gauge(const CellGroup& group) noexcept { return group.type() == MetricType::gauge; }

// A pair written as one (store_if_newer): when the timestamp before and after is the same, the value between is its.
BookedValue read_pair(const Cell& cell) {
  BookedValue pair;
  pair.timestamp = cell.timestamp.load(std::memory_order_acquire);
  for (int attempt = 0; attempt < 1000; ++attempt) {
    pair.value = cell.value.load(std::memory_order_acquire);
    const double after = cell.timestamp.load(std::memory_order_acquire);
    if (after == pair.timestamp) break;
    pair.timestamp = after;
  }
  return pair;
}

}  // namespace

std::uint32_t SeriesBook::number_of(const CellGroup& group, std::uint32_t i) {
  const FileKind kind{group.type(), group.mode()};
  CellGroup::SampleName name = group.sample_name(i);
  std::string key = json_key(group.family_name(), name.sample_name, name.labels, group.help());
  const auto [at, is_new] =
      numbers_.try_emplace(to_string(kind) + ' ' + key, static_cast<std::uint32_t>(samples_.size()));
  if (!is_new) return at->second;
  std::erase_if(name.labels, [&](const Label& label) { return !name.bucket.empty() && label.first == "le"; });
  Sample& sample = samples_.emplace_back();
  sample.name = {kind,
                 std::move(key),
                 {},
                 std::string(group.family_name()),
                 std::move(name.sample_name),
                 std::string(group.help()),
                 std::move(name.labels),
                 std::move(name.bucket)};
  sample.name.hash = md5_hex(sample.name.json_key);
  return at->second;
}

// Cells of a child that was removed and has returned; a gauge has one cell, whoever declares it again.
bool SeriesBook::take_back(const std::vector<std::uint32_t>& numbers, bool gauge, std::span<Cell*> out) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    Sample& sample = samples_[numbers[i]];
    if ((gauge ? sample.cells : sample.released).empty()) return false;
    out[i] = gauge ? sample.cells.front() : sample.released.back();
  }
  if (gauge) return true;
  for (const std::uint32_t number : numbers) samples_[number].released.pop_back();
  return true;
}

void SeriesBook::cells_for(const CellGroup& group, std::size_t slot, Storage& inner, std::span<Cell*> out) {
  std::vector<std::uint32_t> numbers(out.size());
  for (std::uint32_t i = 0; i < numbers.size(); ++i) numbers[i] = number_of(group, i);
  const bool one_cell = is_gauge(group) && slot == Storage::kShared;
  if (take_back(numbers, one_cell, out)) return;
  inner.make_cells(group, slot, out);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    std::vector<Cell*>& cells = samples_[numbers[i]].cells;
    if (one_cell && !cells.empty()) {
      out[i] = cells.front();
      continue;
    }
    if (std::ranges::find(cells, out[i]) == cells.end()) cells.push_back(out[i]);
  }
}

void SeriesBook::release(const CellGroup& group, std::size_t slot, Storage& inner,
                         std::span<Cell* const> cells) noexcept {
  if (&inner != &memory_storage()) {
    inner.release_cells(group, slot, cells);  // files keep them for their series
    return;
  }
  if (is_gauge(group)) return;
  try {
    for (std::uint32_t i = 0; i < cells.size(); ++i) {
      if (cells[i] != nullptr) samples_[number_of(group, i)].released.push_back(cells[i]);
    }
  } catch (const std::exception&) {
    // The cells stay counted; a returning child starts new ones.
  }
}

std::uint32_t SeriesBook::book_own(const CellGroup& group, std::uint32_t i, Cell*& cell) {
  const std::uint32_t number = number_of(group, i);
  Sample& sample = samples_[number];
  if (sample.own == nullptr) {
    sample.own = std::make_unique<Cell>();
    sample.cells.push_back(sample.own.get());
  }
  cell = sample.own.get();
  return number;
}

void SeriesBook::add_counted(BookedName name, double value, double timestamp) {
  const auto [at, is_new] =
      numbers_.try_emplace(to_string(name.kind) + ' ' + name.json_key, static_cast<std::uint32_t>(samples_.size()));
  if (is_new) {
    Sample& made = samples_.emplace_back();
    made.name = std::move(name);
    made.own = std::make_unique<Cell>();
    made.cells.push_back(made.own.get());
  }
  Sample& sample = samples_[at->second];
  Cell& cell = *sample.own;
  const double before = cell.timestamp.load(std::memory_order_relaxed);  // relaxed, all: the lock orders them
  if (sample.name.kind.type != MetricType::gauge) {
    cell.value.store(cell.value.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
  } else if (is_new || timestamp >= before) {
    cell.value.store(value, std::memory_order_relaxed);
  }
  cell.timestamp.store(std::max(before, timestamp), std::memory_order_relaxed);
}

void SeriesBook::put_exemplar(const CellGroup& group, std::uint32_t i, const Exemplar& exemplar) {
  Sample& sample = samples_[number_of(group, i)];
  sample.exemplar = exemplar;
  ++sample.exemplar_version;
}

void SeriesBook::start_in_child() {
  for (Sample& sample : samples_) {
    sample.cells.clear();
    sample.released.clear();
    sample.exemplar.reset();
    sample.exemplar_version = 0;
    if (sample.own == nullptr) continue;
    sample.own->value.store(0, std::memory_order_relaxed);  // relaxed: the lock orders it
    sample.own->timestamp.store(0, std::memory_order_relaxed);
    sample.cells.push_back(sample.own.get());
  }
}

std::uint32_t SeriesBook::size() const {
  const RegistrationHold hold;
  return static_cast<std::uint32_t>(samples_.size());
}

const BookedName& SeriesBook::name(std::uint32_t i) const {
  const RegistrationHold hold;
  return samples_[i].name;  // a deque never moves what it holds
}

// Relaxed loads: nothing is published through a value.
BookedValue SeriesBook::value_of(const Sample& sample) {
  BookedValue total;
  if (sample.name.kind.type == MetricType::gauge) {
    if (!sample.cells.empty()) total = read_pair(*sample.cells.front());
  } else {
    for (const Cell* const cell : sample.cells) total.value += cell->value.load(std::memory_order_relaxed);
  }
  total.exemplar_version = sample.exemplar_version;
  total.is_counted = !sample.cells.empty();
  return total;
}

void SeriesBook::read(std::uint32_t first, std::span<BookedValue> out) const {
  const RegistrationHold hold;
  for (std::uint32_t i = 0; i < out.size(); ++i) out[i] = value_of(samples_[first + i]);
}

std::optional<Exemplar> SeriesBook::exemplar(std::uint32_t i) const {
  const RegistrationHold hold;
  return samples_[i].exemplar;
}

}  // namespace weir
