// An Enum is in one of a fixed set of states: starting, running, stopped.
//
//   weir::Enum& state = registry.enumeration({.name = "worker_state", .help = "…", .states = {"starting", "running"}});
//   state.state("running");
//
// OpenMetrics shows it as a stateset, text 0.0.4 as a gauge a state. In files every state is a `mostrecent` gauge, all
// stamped with one time, so the process that spoke last is believed.
//
// Thread safety: every member from any thread. Process safety: see weir/cell.h.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/child.h"

namespace weir {

class Enum final : public Child {
 public:
  using Options = struct EnumOptions;

  Enum(ChildKey, const MetricInfo& info, std::span<const std::string_view> values) : Child(info, values) {}
  ~Enum() override { close(); }

  /// Enters that state. Throws ValueError naming the states there are when it is none of them.
  void state(std::string_view name);
  /// The state this process is in; the first one declared until another is entered.
  std::string state() const;

  SampleName sample_name(std::uint32_t i) const override;

 private:
  void enter(std::size_t state) noexcept;
  std::uint32_t sample_count() const noexcept override;
  void opened(Storage& storage) override;
  void describe(SeriesTableBuilder& table) const override;
  void append_values(std::vector<double>& values) const override;
};

struct EnumOptions {
  std::string name;
  std::string help;
  std::vector<std::string> states;  ///< at least one, each once
  std::string name_space = {};
  std::string subsystem = {};
  Labels constant_labels = {};
  bool utf8_names = false;
};

}  // namespace weir
