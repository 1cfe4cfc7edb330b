#include <utility>

#include "instrument/backend_choice.h"
#include "instrument/recent_value.h"
#include "instrument/unix_time.h"
#include "storage/cell_space.h"
#include "weir/backends.h"
#include "weir/storage.h"

namespace weir {

class CellBackend::Value final : public CellGroup {
 public:
  Value(BackendMetric metric, std::optional<std::string> bucket)
      : metric_(std::move(metric)), bucket_(std::move(bucket)) {}
  ~Value() override { close(); }

  void open_in(Storage& storage) {
    {
      const RegistrationHold hold;
      open(storage, 1);
    }
    cell_space().say_deferred();
  }
  bool keeps_time() const noexcept {
    return metric_.type == MetricType::gauge && without_live(metric_.mode) == GaugeMode::mostrecent;
  }

  SampleName sample_name(std::uint32_t /*i*/) const override {
    Labels labels = metric_.labels;
    if (bucket_) labels.emplace_back("le", *bucket_);
    return {metric_.sample_name, std::move(labels), bucket_.value_or("")};
  }
  std::string_view family_name() const noexcept override { return metric_.name; }
  std::string_view help() const noexcept override { return metric_.help; }
  MetricType type() const noexcept override { return metric_.type; }
  GaugeMode mode() const noexcept override { return metric_.mode; }

  using CellGroup::add_async;
  using CellGroup::read;
  using CellGroup::shared_cell;

 private:
  const BackendMetric metric_;
  const std::optional<std::string> bucket_;
};

CellBackend::CellBackend(Storage& storage, const BackendMetric& metric, std::optional<std::string> histogram_bucket)
    : value_(std::make_unique<Value>(metric, std::move(histogram_bucket))) {
  value_->open_in(storage);
}

CellBackend::~CellBackend() = default;

void CellBackend::inc(double amount) {
  static_cast<void>(value_->shared_cell(0));  // made if this process has none yet
  value_->add_async(0, amount);
}

void CellBackend::set(double value) {
  Cell* const cell = value_->shared_cell(0);
  if (cell == nullptr) return;
  if (value_->keeps_time()) {
    store_if_newer(*cell, value, unix_now());
  } else {
    cell->value.store(value, std::memory_order_relaxed);  // relaxed: nothing is published through a value
  }
}

double CellBackend::get() const { return value_->read(0); }

SingleProcessBackend::SingleProcessBackend(const BackendConfig& /*config*/, const BackendMetric& metric,
                                           std::optional<std::string> histogram_bucket)
    : CellBackend(memory_storage(), metric, std::move(histogram_bucket)) {}

MultiProcessFileBackend::MultiProcessFileBackend(const BackendConfig& config, const BackendMetric& metric,
                                                 std::optional<std::string> histogram_bucket)
    : CellBackend(configured_file_storage(config), metric, std::move(histogram_bucket)) {}

}  // namespace weir
