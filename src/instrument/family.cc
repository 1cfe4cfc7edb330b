#include "weir/family.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "instrument/child_index.h"
#include "instrument/label_hash.h"
#include "model/names.h"
#include "storage/cell_space.h"
#include "weir/error.h"

namespace weir {

// changes_ is raised relaxed: only holders of the registration lock act on it, and the lock orders it.

FamilyBase::FamilyBase(MetricInfo info, Storage& storage, std::atomic<std::uint64_t>& changes)
    : info_(std::move(info)), storage_(storage), changes_(changes) {
  indexes_.push_back(std::make_unique<Index>(4));
  index_.store(indexes_.back().get(), std::memory_order_release);
}

FamilyBase::~FamilyBase() = default;

Child& FamilyBase::child(std::span<const std::string_view> values) {
  const std::uint64_t hash = hash_label_values(values);
  if (Child* const found = index_.load(std::memory_order_acquire)->find(hash, values)) return *found;
  return add_child(values, hash);
}

Child& FamilyBase::child(std::initializer_list<LabelView> labels) {
  std::vector<std::string_view> values(info_.label_names.size());
  std::vector<bool> given(values.size(), false);
  for (const LabelView& label : labels) {
    const auto it = std::ranges::find(info_.label_names, label.name);
    const auto i = static_cast<std::size_t>(it - info_.label_names.begin());
    if (i == values.size() || given[i]) {
      throw ValueError(fmt::format("metric {}: label \"{}\" is {}; it has the labels: {}", info_.name, label.name,
                                   i == values.size() ? "not one of its own" : "given twice",
                                   fmt::join(info_.label_names, ", ")));
    }
    values[i] = label.value;
    given[i] = true;
  }
  if (labels.size() != values.size()) {
    throw ValueError(fmt::format("metric {}: {} labels given, it has {}: {}", info_.name, labels.size(), values.size(),
                                 fmt::join(info_.label_names, ", ")));
  }
  return child(std::span<const std::string_view>(values));
}

Child& FamilyBase::add_child(std::span<const std::string_view> values, std::uint64_t hash) {
  if (values.size() != info_.label_names.size()) {
    throw ValueError(fmt::format("metric {}: {} label values given, it has {} labels: {}", info_.name, values.size(),
                                 info_.label_names.size(), fmt::join(info_.label_names, ", ")));
  }
  for (std::size_t i = 0; i < values.size(); ++i) check_label_value(info_.label_names[i], values[i]);
  std::shared_ptr<Child> child = make_child(values);
  Child* made = child.get();
  const std::uint32_t count = child->sample_count();
  child->make_backends(storage_, count);
  {
    const RegistrationHold hold;
    if (Child* const other = index_.load(std::memory_order_relaxed)->find(hash, values)) {
      made = other;  // another thread was first; ours never opened
    } else {
      child->hash_ = hash;
      child->changes_ = &changes_;
      // Room first, so that nothing fails once the child is open; doubled, because an exact reserve moves them all
      // every time.
      if (children_.size() == children_.capacity()) children_.reserve(std::max<std::size_t>(4, children_.size() * 2));
      child->open(storage_, count);
      child->opened(storage_);
      children_.push_back(std::move(child));
      if (!indexes_.back()->insert(hash, made)) {
        auto larger = std::make_unique<Index>(indexes_.back()->size());
        for (const auto& c : children_) larger->insert(c->hash_, c.get());
        indexes_.push_back(std::move(larger));
        index_.store(indexes_.back().get(), std::memory_order_release);  // pairs with acquire in child()
      }
      changes_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  cell_space().say_deferred();
  return *made;
}

// What the two take() is destroyed after the lock is let go: closing takes it.
bool FamilyBase::remove(std::span<const std::string_view> values) { return take(values) != nullptr; }
void FamilyBase::clear() { take_all(); }

std::shared_ptr<Child> FamilyBase::take(std::span<const std::string_view> values) {
  const std::uint64_t hash = hash_label_values(values);
  const RegistrationHold hold;
  Child* const found = indexes_.back()->find(hash, values);
  if (found == nullptr) return nullptr;
  for (const auto& index : indexes_) index->remove(hash, found);
  const auto it = std::ranges::find_if(children_, [&](const auto& c) { return c.get() == found; });
  std::shared_ptr<Child> gone = std::move(*it);
  children_.erase(it);
  changes_.fetch_add(1, std::memory_order_relaxed);
  return gone;
}

std::vector<std::shared_ptr<Child>> FamilyBase::take_all() {
  std::vector<std::shared_ptr<Child>> gone;
  const RegistrationHold hold;
  for (const auto& child : children_) {
    for (const auto& index : indexes_) index->remove(child->hash_, child.get());
  }
  gone.swap(children_);
  changes_.fetch_add(1, std::memory_order_relaxed);
  return gone;
}

std::size_t FamilyBase::size() const {
  const RegistrationHold hold;
  return children_.size();
}

void FamilyBase::describe(SeriesTableBuilder& table) const {
  // Stock text shows `_total` in the header of a counter; expositions see to that.
  table.family({info_.name, info_.type, info_.help, info_.unit});
  for (const auto& child : children_) child->describe(table);
}

void FamilyBase::append_values(Snapshot& snapshot) const {
  for (const auto& child : children_) {
    child->append_exemplars(snapshot.values.size(), snapshot.exemplars);
    child->append_values(snapshot.values);
  }
}

}  // namespace weir
