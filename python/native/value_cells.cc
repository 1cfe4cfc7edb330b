#include "native/value_cells.h"

#include <exception>
#include <utility>

#include "instrument/recent_value.h"
#include "storage/cell_space.h"
#include "storage/registration_lock.h"
#include "weir/backend.h"

namespace weir::python {

ValueCells::ValueCells(ValueDescription description, Storage& storage)
    : description_(std::move(description)), stamps_sets_(storage.marks_gauge_sets()) {
  if (storage.holds_backends()) make_backends(storage, 1);
  {
    const RegistrationHold hold;
    open(storage, 1);
  }
  cell_space().say_deferred();
}

void ValueCells::inc_slowly(double amount) noexcept {
  const auto tell = [amount](Backend& own) { amount >= 0 ? own.inc(amount) : own.dec(-amount); };
  if (!call_backend(0, "increment", tell)) add_async(0, amount);
}

void ValueCells::set(double value, double timestamp) noexcept {
  Cell* const cell = shared_cell(0);
  if (cell == nullptr) {
    call_backend(0, "set", [value](Backend& own) { own.set(value); });
    return;
  }
  if (keeps_time()) {
    const double newest = cell->timestamp.load(std::memory_order_relaxed);
    store_if_newer(*cell, value, timestamp != 0 ? timestamp : stamp_after(newest));
    return;
  }
  cell->value.store(value, std::memory_order_release);  // before the stamp that tells of it
  if (stamps_sets_) cell->timestamp.store(stamp_after(0), std::memory_order_release);
}

double ValueCells::timestamp() noexcept {
  const Cell* const cell = keeps_time() ? shared_cell(0) : nullptr;
  return cell != nullptr ? cell->timestamp.load(std::memory_order_relaxed) : 0;
}

CellGroup::SampleName ValueCells::sample_name(std::uint32_t /*i*/) const {
  SampleName name{description_.sample, description_.labels, ""};
  if (type() != MetricType::histogram || !name.sample_name.ends_with("_bucket")) return name;
  for (const auto& [label, value] : name.labels) {
    if (label == "le") name.bucket = value;
  }
  return name;
}

void ValueCells::put_exemplar(const Exemplar& exemplar) noexcept {
  if (!registration_lock().try_lock()) return;
  try {
    storage().put_exemplar(*this, 0, exemplar);
  } catch (const std::exception&) {
    // An exemplar less.
  }
  registration_lock().unlock();
}

}  // namespace weir::python
