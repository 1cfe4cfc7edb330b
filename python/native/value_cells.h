// The cells of one weir._weir.Value, and what keys say of them.
//
// Every call writes the process's shared cell with one atomic operation: Python's threads are many and short-lived, and
// a slot for each would multiply the entries of the files for nothing that the GIL does not cost anyway.
//
// Thread safety: every member from any thread. Process safety: as weir/cell.h.
#pragma once

#include <memory>
#include <string>

#include "weir/cell.h"
#include "weir/snapshot.h"
#include "weir/storage.h"

namespace weir::python {

struct ValueDescription {
  MetricType type;  ///< counter, gauge, histogram or summary
  GaugeMode mode;
  std::string family;
  std::string sample;
  Labels labels;
  std::string help;
};

class ValueCells final : public CellGroup {
 public:
  /// Throws what the storage's own backends throw; a storage that is full is logged and replaced by memory.
  ValueCells(ValueDescription description, Storage& storage);
  ~ValueCells() override { close(); }

  void inc(double amount) noexcept {
    if (shared_cell(0) != nullptr) [[likely]] {  // made if this process has none yet
      add_async(0, amount);
    } else {
      inc_slowly(amount);
    }
  }
  /// `timestamp` 0: none given.
  void set(double value, double timestamp) noexcept;
  double get() const { return read(0); }
  /// Of a mostrecent gauge; else 0.
  double timestamp() noexcept;
  /// Brings the exemplar where readers of the storage find it; dropped when the registration lock is taken.
  void put_exemplar(const Exemplar& exemplar) noexcept;

  SampleName sample_name(std::uint32_t i) const override;
  std::string_view family_name() const noexcept override { return description_.family; }
  std::string_view help() const noexcept override { return description_.help; }
  MetricType type() const noexcept override { return description_.type; }
  GaugeMode mode() const noexcept override { return description_.mode; }

 private:
  bool keeps_time() const noexcept {
    return description_.type == MetricType::gauge && without_live(description_.mode) == GaugeMode::mostrecent;
  }

  void inc_slowly(double amount) noexcept;

  const ValueDescription description_;
  const bool stamps_sets_;
};

}  // namespace weir::python
