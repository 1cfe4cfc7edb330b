// The words every room shares: metric types, multiprocess modes, label sets.
//
// Values only; nothing here does I/O, allocates behind your back or keeps state.
// Thread safety: plain values, as safe as `int` and `std::vector`.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

/// The type of a metric family, as exposition formats name it.
/// `info` and `stateset` exist in OpenMetrics only; text 0.0.4 shows them as gauges.
enum class MetricType : std::uint8_t { counter, gauge, histogram, summary, info, stateset, unknown };

/// How the values of one gauge in several processes become one (or stay apart).
///
/// `all` keeps a series a process, labelled `pid`; `min`, `max`, `sum` and `mostrecent` combine them;
/// the `live` forms leave out processes that have ended. Each stands right after its plain form: is_live() counts on
/// it. Source: multiprocess mode of the Python client, https://prometheus.github.io/client_python/multiprocess/
enum class GaugeMode : std::uint8_t {
  all,
  liveall,
  min,
  livemin,
  max,
  livemax,
  sum,
  livesum,
  mostrecent,
  livemostrecent
};

inline constexpr std::array<GaugeMode, 10> kGaugeModes{
    GaugeMode::all,     GaugeMode::liveall, GaugeMode::min,     GaugeMode::livemin,    GaugeMode::max,
    GaugeMode::livemax, GaugeMode::sum,     GaugeMode::livesum, GaugeMode::mostrecent, GaugeMode::livemostrecent};

/// `"counter"`, `"gauge"`, … as OpenMetrics spells them.
std::string_view to_string(MetricType type) noexcept;
/// `"all"`, `"livemostrecent"`, … as file names and Redis keys spell them.
std::string_view to_string(GaugeMode mode) noexcept;
/// The type or mode of that name; nothing when there is none.
std::optional<MetricType> metric_type_from(std::string_view name) noexcept;
std::optional<GaugeMode> gauge_mode_from(std::string_view name) noexcept;

/// True for `liveall`, `livemin`, `livemax`, `livesum`, `livemostrecent`.
constexpr bool is_live(GaugeMode mode) noexcept { return (static_cast<int>(mode) & 1) != 0; }
/// The mode without its `live`: `livesum` gives `sum`.
constexpr GaugeMode without_live(GaugeMode mode) noexcept {
  return static_cast<GaugeMode>(static_cast<int>(mode) & ~1);
}

/// One label: name and value, both UTF-8.
using Label = std::pair<std::string, std::string>;
/// A label set. Names are unique; order is free unless a function says otherwise.
using Labels = std::vector<Label>;

}  // namespace weir
