#include "redis_ship/through_backend.h"

#include "instrument/recent_value.h"
#include "redis_ship/redis_storage.h"

namespace weir {

void ThroughBackend::inc(double amount) {
  storage_.enter_process();
  cell_.value.fetch_add(amount, std::memory_order_relaxed);  // relaxed: nothing is published through a value
  storage_.ship_now(sample_);
}

void ThroughBackend::set(double value) {
  storage_.enter_process();
  if (keeps_time_) {
    store_if_newer(cell_, value, stamp_after(cell_.timestamp.load(std::memory_order_relaxed)));
  } else {
    cell_.value.store(value, std::memory_order_release);  // before the stamp that tells of it
    if (marks_sets_) cell_.timestamp.store(stamp_after(0), std::memory_order_release);
  }
  storage_.ship_now(sample_);
}

double ThroughBackend::get() const {
  storage_.enter_process();
  return cell_.value.load(std::memory_order_relaxed);
}

}  // namespace weir
