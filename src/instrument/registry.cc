#include "weir/registry.h"

#include <fmt/format.h>

#include "instrument/backend_choice.h"
#include "instrument/metric_info.h"
#include "storage/cell_space.h"
#include "storage/setup_lock.h"
#include "weir/error.h"

namespace weir {

Registry::Registry() = default;
Registry::Registry(Storage& storage) : storage_(&storage) {}
Registry::~Registry() = default;

// Made under the lock only as far as names go: a family without children is nothing a fork could tear.
template <typename T>
Family<T>& Registry::add(MetricInfo info) {
  Storage& where = storage();
  auto family = std::make_shared<Family<T>>(std::move(info), where, changes_);
  Family<T>& made = *family;
  const RegistrationHold hold;
  claim_names(made.info());
  families_.emplace(made.info().name, std::move(family));
  changes_.fetch_add(1, std::memory_order_relaxed);  // ordered by the lock
  return made;
}

void Registry::claim_names(const MetricInfo& info) {
  const std::vector<std::string> names = claimed_names(info);
  for (const std::string& name : names) {
    const auto taken = sample_names_.find(name);
    if (taken == sample_names_.end()) continue;
    const MetricInfo& other = families_.at(taken->second)->info();
    throw RegistrationError(
        fmt::format("{} {}: the name \"{}\" belongs to the {} {} already; choose another name, or use that one",
                    to_string(info.type), info.sample_name, name, to_string(other.type), other.sample_name));
  }
  for (const std::string& name : names) sample_names_.emplace(name, info.name);
}

Storage& Registry::storage() {
  Storage* storage = storage_.load(std::memory_order_acquire);  // pairs with the release below
  if (storage == nullptr) {
    storage = &chosen_storage();
    storage_.store(storage, std::memory_order_release);  // every thread chooses the same
  }
  return *storage;
}

// A metric whose only child cannot be made does not keep its name.
template <typename T>
T& Registry::only_child(Family<T>& family) {
  try {
    return family.only();
  } catch (...) {
    unregister(std::string(family.info().name));
    throw;
  }
}

#define WEIR_DEFINE_METRIC(Type, verb)                                                                           \
  Type& Registry::verb(const Type##Options& options) { return only_child(add<Type>(metric_info(options, {}))); } \
  Family<Type>& Registry::verb(const Type##Options& options, std::vector<std::string> label_names) {             \
    return add<Type>(metric_info(options, std::move(label_names)));                                              \
  }
WEIR_DEFINE_METRIC(Counter, counter)
WEIR_DEFINE_METRIC(Gauge, gauge)
WEIR_DEFINE_METRIC(Histogram, histogram)
WEIR_DEFINE_METRIC(Summary, summary)
WEIR_DEFINE_METRIC(Info, info)
WEIR_DEFINE_METRIC(Enum, enumeration)
#undef WEIR_DEFINE_METRIC

bool Registry::unregister(std::string_view name) {
  std::shared_ptr<FamilyBase> gone;  // destroyed after the lock is let go
  const RegistrationHold hold;
  const auto owner = sample_names_.find(name);
  if (owner == sample_names_.end()) return false;
  const auto family = families_.find(owner->second);
  for (const std::string& claimed : claimed_names(family->second->info())) sample_names_.erase(claimed);
  gone = std::move(family->second);
  families_.erase(family);
  changes_.fetch_add(1, std::memory_order_relaxed);  // ordered by the lock
  return true;
}

void Registry::add_collector(std::function<std::vector<MetricFamily>()> collect) {
  const RegistrationHold hold;
  collectors_.push_back(std::move(collect));
}

std::string Registry::describe() const {
  const Storage* const storage = storage_.load(std::memory_order_acquire);  // pairs with the release in storage()
  return storage == nullptr ? "this process" : fmt::format("this process, values in {}", storage->describe());
}

Registry& default_registry() {
  static constinit std::atomic<Registry*> registry{nullptr};
  return made_once(registry);
}

}  // namespace weir
