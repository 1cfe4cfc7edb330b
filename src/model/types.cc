#include "weir/types.h"

namespace weir {
namespace {

constexpr std::array<std::string_view, 7> kTypeNames{"counter", "gauge",    "histogram", "summary",
                                                     "info",    "stateset", "unknown"};
constexpr std::array<std::string_view, 10> kModeNames{"all",     "liveall", "min",     "livemin",    "max",
                                                      "livemax", "sum",     "livesum", "mostrecent", "livemostrecent"};

template <typename Enum, std::size_t N>
std::optional<Enum> find_name(const std::array<std::string_view, N>& names, std::string_view name) noexcept {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(MetricType type) noexcept { return kTypeNames[static_cast<std::size_t>(type)]; }
std::string_view to_string(GaugeMode mode) noexcept { return kModeNames[static_cast<std::size_t>(mode)]; }
std::optional<MetricType> metric_type_from(std::string_view name) noexcept {
  return find_name<MetricType>(kTypeNames, name);
}
std::optional<GaugeMode> gauge_mode_from(std::string_view name) noexcept {
  return find_name<GaugeMode>(kModeNames, name);
}

}  // namespace weir
