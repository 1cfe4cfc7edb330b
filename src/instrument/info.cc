#include "weir/info.h"

#include <algorithm>

#include <fmt/format.h>

#include "instrument/recent_value.h"
#include "model/names.h"
#include "storage/cell_space.h"
#include "weir/backend.h"
#include "weir/error.h"

namespace weir {

// One label set that the info has had.
class Info::Value final : public CellGroup {
 public:
  Value(const Info& owner, Labels labels) : owner_(owner), labels_(std::move(labels)) {}
  ~Value() override { close(); }

  using CellGroup::make_backends;
  void open_in(Storage& storage) { open(storage, 1); }
  void put(double value) noexcept {
    if (Cell* const cell = shared_cell(0)) {
      cell->value.store(value, std::memory_order_release);  // before the stamp that tells of it
      if (storage().marks_gauge_sets()) cell->timestamp.store(stamp_after(0), std::memory_order_release);
    } else {
      call_backend(0, "set", [value](Backend& own) { own.set(value); });
    }
  }
  const Labels& own_labels() const noexcept { return labels_; }
  Labels all_labels() const {
    Labels all = owner_.labels();
    all.insert(all.end(), labels_.begin(), labels_.end());
    return all;
  }

  SampleName sample_name(std::uint32_t /*i*/) const override { return {owner_.info().sample_name, all_labels(), {}}; }
  std::string_view family_name() const noexcept override { return owner_.info().name; }
  std::string_view help() const noexcept override { return owner_.info().help; }
  MetricType type() const noexcept override { return MetricType::gauge; }
  GaugeMode mode() const noexcept override { return GaugeMode::max; }

 private:
  const Info& owner_;
  const Labels labels_;
};

Info::Info(ChildKey, const MetricInfo& info, std::span<const std::string_view> values) : Child(info, values) {}
Info::~Info() = default;

void Info::set(const Labels& labels) {
  std::vector<std::string> names;
  for (const auto& [name, text] : this->labels()) names.push_back(name);
  for (const auto& [name, text] : labels) {
    names.push_back(name);
    check_label_value(name, text);
  }
  check_label_names(names, MetricType::info, NameRules::classic);
  std::vector<Value*> all;
  {
    auto fresh = std::make_unique<Value>(*this, labels);
    fresh->make_backends(*storage_, 1);
    const RegistrationHold hold;
    auto it =
        std::find_if(label_sets_.begin(), label_sets_.end(), [&](const auto& v) { return v->own_labels() == labels; });
    if (it == label_sets_.end()) {
      fresh->open_in(*storage_);
      it = label_sets_.insert(label_sets_.end(), std::move(fresh));
    }
    std::rotate(it, it + 1, label_sets_.end());
    for (const auto& value : label_sets_) all.push_back(value.get());
    series_changed();
  }
  cell_space().say_deferred();
  for (Value* const value : all) value->put(value == all.back() ? 1 : 0);
}

Labels Info::get() const {
  const RegistrationHold hold;
  return label_sets_.empty() ? Labels{} : label_sets_.back()->own_labels();
}

CellGroup::SampleName Info::sample_name(std::uint32_t /*i*/) const { return {info().sample_name, labels(), {}}; }
std::uint32_t Info::sample_count() const noexcept { return 0; }
void Info::opened(Storage& storage) { storage_ = &storage; }
void Info::describe(SeriesTableBuilder& table) const {
  if (!label_sets_.empty()) table.series(info().sample_name, label_sets_.back()->all_labels());
}
void Info::append_values(std::vector<double>& values) const {
  if (!label_sets_.empty()) values.push_back(1);
}

}  // namespace weir
