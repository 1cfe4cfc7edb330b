#include "weir/cell.h"

#include <fmt/format.h>

#include "storage/cell_space.h"
#include "weir/backend.h"
#include "weir/log.h"
#include "weir/storage.h"

namespace weir {

// One value of a user's own backend.
struct CellGroup::Own {
  std::unique_ptr<Backend> backend;
  std::atomic<double> last{0};  // what it said when it was last asked; relaxed: nothing is published through it
};

std::unique_ptr<Backend> Storage::make_backend(const CellGroup& /*group*/, std::uint32_t /*i*/) { return nullptr; }

CellGroup::CellGroup() = default;
CellGroup::~CellGroup() { close(); }

void CellGroup::open(Storage& storage, std::uint32_t count) WEIR_NO_THREAD_SAFETY_ANALYSIS {
  storage_ = &storage;  // also of an info, which has groups of its own later
  if (count > 0) cell_space().open(*this, storage, count);
}

void CellGroup::close() noexcept {
  if (home_ != nullptr) cell_space().close(*this);
}

std::string_view CellGroup::backend_name() const noexcept { return storage_->backend_name(); }

void CellGroup::make_backends(Storage& storage, std::uint32_t count) {
  if (!storage.holds_backends()) return;
  auto own = std::make_unique<Own[]>(count);
  for (std::uint32_t i = 0; i < count; ++i) own[i].backend = storage.make_backend(*this, i);
  own_ = std::move(own);
}

bool CellGroup::call_backend(std::uint32_t i, std::string_view verb,
                             const std::function<void(Backend&)>& call) noexcept {
  if (own_ == nullptr) return false;
  try {
    call(*own_[i].backend);
  } catch (const std::exception& error) {
    log_line(LogLevel::error,
             fmt::format("backend {}: {} of {} lost: {}", backend_name(), verb, family_name(), error.what()));
  }
  return true;
}

void CellGroup::refresh_backends() {
  if (own_ == nullptr) return;
  for (std::uint32_t i = 0; i < count_; ++i) {
    if (const double pending = home_[i].pending.exchange(0); pending != 0)
      own_[i].backend->inc(pending);  // of add_async
    own_[i].last.store(own_[i].backend->get(), std::memory_order_relaxed);
  }
}

void CellGroup::add_slowly(std::uint32_t i, double amount) noexcept {
  if (own_ != nullptr) {
    const double pending = home_[i].pending.exchange(0);  // what add_async left
    call_backend(i, "increment", [amount, pending](Backend& own) { own.inc(amount + pending); });
    return;
  }
  if (Cell* const cell = cell_space().slot_cell(*this, i)) {
    bump(*cell, amount);
  } else {
    static_cast<void>(shared_cell(i));  // made if it can be; if not, add_async keeps the amount for it
    add_async(i, amount);
  }
}

void CellGroup::add_async(std::uint32_t i, double amount) noexcept {
  Home& home = home_[i];
  Cell* cell = home.cell.load(std::memory_order_seq_cst);  // sequentially consistent: see CellSpace::publish
  if (cell != nullptr) {
    cell->value.fetch_add(amount, std::memory_order_relaxed);
    return;
  }
  home.pending.fetch_add(amount, std::memory_order_seq_cst);
  cell = home.cell.load(std::memory_order_seq_cst);
  if (cell == nullptr) return;
  if (const double pending = home.pending.exchange(0, std::memory_order_seq_cst); pending != 0) {
    cell->value.fetch_add(pending, std::memory_order_relaxed);
  }
}

Cell* CellGroup::shared_cell_slowly(std::uint32_t i) noexcept {
  return own_ != nullptr ? nullptr : cell_space().shared_cell(*this, i);
}

double CellGroup::read(std::uint32_t i) const {
  if (own_ != nullptr) return own_[i].backend->get();
  const RegistrationHold hold;
  return cell_space().read(*this, i);
}

double CellGroup::read_locked(std::uint32_t i) const WEIR_NO_THREAD_SAFETY_ANALYSIS {
  if (own_ != nullptr) return own_[i].last.load(std::memory_order_relaxed);
  return cell_space().read(*this, i);
}

}  // namespace weir
