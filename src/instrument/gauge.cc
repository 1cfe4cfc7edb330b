#include "weir/gauge.h"

#include <fmt/format.h>

#include "instrument/recent_value.h"
#include "instrument/unix_time.h"
#include "storage/cell_space.h"
#include "weir/backend.h"
#include "weir/error.h"
#include "weir/log.h"

namespace weir {

void Gauge::set_slowly(Cell* cell, double value) noexcept {
  if (cell != nullptr && !keeps_time_) {
    cell->value.store(value, std::memory_order_release);  // before the stamp that tells of it
    cell->timestamp.store(stamp_after(0), std::memory_order_release);
  } else if (cell != nullptr) {
    store_if_newer(*cell, value, stamp_after(cell->timestamp.load(std::memory_order_relaxed)));
  } else {
    call_backend(0, "set", [value](Backend& own) { own.set(value); });
  }
}

void Gauge::add_slowly_or_refuse(Cell* cell, double amount) {
  if (keeps_time_) {
    throw ValueError(fmt::format("gauge {}: inc({}) in mode {}: only set() makes sense there", info().name, amount,
                                 to_string(info().mode)));
  }
  const auto tell = [amount](Backend& own) { amount >= 0 ? own.inc(amount) : own.dec(-amount); };
  if (!call_backend(0, "increment", tell) && cell == nullptr) add_async(0, amount);
}

void Gauge::set_to_current_time() noexcept { set(unix_now()); }

void Gauge::set_function(std::function<double()> function) {
  const RegistrationHold hold;
  function_ = std::move(function);
}

void Gauge::call_function() {
  std::function<double()> function;
  {
    const RegistrationHold hold;
    function = function_;
  }
  if (function) set(function());
}

CellGroup::SampleName Gauge::sample_name(std::uint32_t /*i*/) const { return {info().sample_name, labels(), {}}; }
void Gauge::opened(Storage& storage) { is_plain_ = !keeps_time_ && !storage.marks_gauge_sets(); }
std::uint32_t Gauge::sample_count() const noexcept { return 1; }
void Gauge::describe(SeriesTableBuilder& table) const { table.series(info().sample_name, labels()); }
void Gauge::append_values(std::vector<double>& values) const { values.push_back(read_locked(0)); }

}  // namespace weir
