// A Family is one metric with labels: it hands out the child of each label set.
//
//   auto& requests = registry.counter({.name = "requests_total", .help = "…"}, {"method", "code"});
//   requests.labels("GET", "200").inc();                                     // values in declared order
//   requests.labels({{"code", "200"}, {"method", "GET"}}).inc();             // or by name, in any order
//
// labels() of an existing child is one hash and one comparison: no lock, no allocation. A child's reference stays good
// until it is removed; keep it where the labels are known beforehand.
//
// Thread safety: every member from any thread. A removed child must not be used any more.
// Process safety: a forked child process has the same children, each with cells of its own.
#pragma once

#include <array>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weir/child.h"

namespace weir {

/// A label as an argument: name and value.
struct LabelView {
  std::string_view name;
  std::string_view value;
};

/// What families of all types share. Made by Registry.
class FamilyBase {
 public:
  FamilyBase(const FamilyBase&) = delete;
  FamilyBase& operator=(const FamilyBase&) = delete;
  virtual ~FamilyBase();

  const MetricInfo& info() const noexcept { return info_; }
  /// Forgets a child; in files its values stay. True when there was one.
  bool remove(std::initializer_list<std::string_view> values) { return remove({values.begin(), values.size()}); }
  bool remove(std::span<const std::string_view> values);
  /// Forgets all children.
  void clear();
  /// As remove() and clear(), but what was forgotten lives on as long as the pointer, and this family, do: for callers
  /// that cannot know yet whether it is still being used. Let go of without the registration lock.
  std::shared_ptr<Child> take(std::span<const std::string_view> values);
  std::vector<std::shared_ptr<Child>> take_all();
  std::size_t size() const;

 protected:
  FamilyBase(MetricInfo info, Storage& storage, std::atomic<std::uint64_t>& changes);

  static ChildKey key() noexcept { return {}; }
  /// The child with these values, made if there is none. Throws ValueError for a wrong number of them or invalid UTF-8.
  Child& child(std::span<const std::string_view> values);
  Child& child(std::initializer_list<LabelView> labels);

 private:
  friend class Registry;
  class Index;

  virtual std::shared_ptr<Child> make_child(std::span<const std::string_view> values) const = 0;
  Child& add_child(std::span<const std::string_view> values, std::uint64_t hash);
  void describe(SeriesTableBuilder& table) const;
  void append_values(Snapshot& snapshot) const;

  const MetricInfo info_;
  Storage& storage_;
  std::atomic<std::uint64_t>& changes_;           // the registry's: raised when series come or go
  std::vector<std::shared_ptr<Child>> children_;  // guarded by the registration lock; shared with running collections
  std::vector<std::unique_ptr<Index>> indexes_;  // guarded by it too; all but the last only serve readers that are late
  std::atomic<Index*> index_{nullptr};           // the last; release on change pairs with acquire in child()
};

template <std::derived_from<Child> T>
class Family final : public FamilyBase {
 public:
  Family(MetricInfo info, Storage& storage, std::atomic<std::uint64_t>& changes)
      : FamilyBase(std::move(info), storage, changes) {}

  /// The child with these label values, in declared order. Throws ValueError when their number is wrong or one is not
  /// UTF-8.
  template <std::convertible_to<std::string_view>... Values>
    requires(sizeof...(Values) > 0)
  T& labels(const Values&... values) {
    const std::array<std::string_view, sizeof...(Values)> array{std::string_view(values)...};
    return static_cast<T&>(child(std::span<const std::string_view>(array)));
  }
  /// The same from a list made at run time.
  T& labels_of(std::span<const std::string_view> values) { return static_cast<T&>(child(values)); }
  /// The child with these labels, by name. Throws ValueError when a name is missing, unknown or repeated.
  T& labels(std::initializer_list<LabelView> labels) { return static_cast<T&>(child(labels)); }

 private:
  friend class Registry;
  T& only() { return static_cast<T&>(child(std::span<const std::string_view>{})); }
  std::shared_ptr<Child> make_child(std::span<const std::string_view> values) const override {
    return std::make_shared<T>(key(), info(), values);
  }
};

}  // namespace weir
