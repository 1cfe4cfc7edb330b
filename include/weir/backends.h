// The built-in backends as objects: one value each, for programs that work with Backend directly (metrics do not need
// them).
//
//   weir::SingleProcessBackend value({}, {.name = "jobs", .sample_name = "jobs_total"}, std::nullopt);
//   value.inc(1);
//
// Thread safety: every member from any thread; inc, dec and set are one atomic operation on the process's shared cell.
// Process safety: as the storage behind it (weir/storage.h): memory is this process's own, files are read by others,
// and a forked child counts from zero.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "weir/backend.h"

namespace weir {

class Storage;

/// A value in a cell. Base of the two below.
class CellBackend : public Backend {
 public:
  ~CellBackend() override;
  void inc(double amount) override;
  void dec(double amount) override { inc(-amount); }
  /// In the mostrecent modes stamped with the clock's time.
  void set(double value) override;
  double get() const override;

 protected:
  CellBackend(Storage& storage, const BackendMetric& metric, std::optional<std::string> histogram_bucket);

 private:
  class Value;
  std::unique_ptr<Value> value_;
};

/// In this process's memory. Takes no settings.
class SingleProcessBackend final : public CellBackend {
 public:
  SingleProcessBackend(const BackendConfig& config, const BackendMetric& metric,
                       std::optional<std::string> histogram_bucket);
};

/// In the multiprocess files of `config["directory"]`, else of PROMETHEUS_MULTIPROC_DIR. Throws ConfigError when there
/// is neither, StorageError when the directory cannot be had.
class MultiProcessFileBackend final : public CellBackend {
 public:
  MultiProcessFileBackend(const BackendConfig& config, const BackendMetric& metric,
                          std::optional<std::string> histogram_bucket);
};

}  // namespace weir
