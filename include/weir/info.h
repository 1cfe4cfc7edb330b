// An Info says constant things in labels: version, revision, compiler.
//
//   weir::Info& build = registry.info({.name = "build", .help = "What runs."});
//   build.set({{"version", "1.2.3"}});                            // build_info{version="1.2.3"} 1
//
// In files it is a `max` gauge of value 1. Setting it again leaves the old label set behind at 0 there.
//
// Thread safety: every member from any thread. Process safety: see weir/cell.h.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/child.h"

namespace weir {

class Info final : public Child {
 public:
  using Options = struct InfoOptions;

  Info(ChildKey, const MetricInfo& info, std::span<const std::string_view> values);
  ~Info() override;

  /// Replaces the label set. Throws ValueError for a bad label name, or one the metric has as its own label.
  void set(const Labels& labels);
  Labels get() const;

  SampleName sample_name(std::uint32_t i) const override;

 private:
  class Value;
  std::uint32_t sample_count() const noexcept override;
  void opened(Storage& storage) override;
  void describe(SeriesTableBuilder& table) const override;
  void append_values(std::vector<double>& values) const override;

  Storage* storage_ = nullptr;                      // constant after opened()
  std::vector<std::unique_ptr<Value>> label_sets_;  // guarded by the registration lock; the last is the current one
};

struct InfoOptions {
  std::string name;  ///< may end in `_info` or not: the sample always does
  std::string help;
  std::string name_space = {};
  std::string subsystem = {};
  Labels constant_labels = {};
  bool utf8_names = false;
};

}  // namespace weir
