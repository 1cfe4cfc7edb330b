#include "cli/plot.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <clocale>
#include <string_view>
#include <thread>
#include <vector>

#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/text_table.h"
#include "model/printable.h"
#include "model/series_text.h"
#include "watch/metric_page.h"
#include "watch/watch.h"
#include "weir/error.h"

namespace weir::cli {
namespace {

constexpr std::size_t kMostPlots = 8;
constexpr double kUsualSeconds = 5;
constexpr std::size_t kReadings = 60;  // fewer where that would be more than ten a second

/// True where `wanted` names a part of the histogram or summary: `x_bucket`, `x_count{a="b"}`, `x_sum`.
bool is_part(const SeriesParts& wanted, const std::string& family, const WatchedMetric& metric) {
  if (!metric.shape.is_distribution || !wanted.name.starts_with(family)) return false;
  const std::string_view ending = std::string_view(wanted.name).substr(family.size());
  const bool is_known = ending == "_count" || ending == "_sum" || ending.empty() ||
                        (ending == "_bucket" && metric.type == MetricType::histogram);
  Labels labels = wanted.labels;
  std::erase_if(labels, [](const Label& label) { return label.first == "le" || label.first == "quantile"; });
  return is_known && (labels.empty() || labels == metric.shape.labels);
}

/// What that names: a family, all series of a name, or one series as it stands in an exposition.
std::vector<const WatchedMetric*> named(const Watch& watch, const std::string& name) {
  SeriesParts parts;
  try {
    parts = parse_series_text(name);
  } catch (const FormatError&) {
    parts.name = name;
  }
  std::vector<const WatchedMetric*> out;
  for (const WatchedMetric& metric : watch.metrics()) {
    const std::string& family = watch.families()[metric.shape.family].head.name;
    const bool is_named = metric.shape.text == name || family == name || series_name(metric.shape.text) == name;
    if (is_named || is_part(parts, family, metric)) out.push_back(&metric);
  }
  return out;
}

std::size_t output_columns() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void read_on(Watch& watch, Source& source, double seconds) {
  const auto readings = static_cast<std::size_t>(std::clamp(seconds * 10, 1.0, static_cast<double>(kReadings)));
  for (std::size_t i = 0; i < readings; ++i) {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds / static_cast<double>(readings)));
    watch.add(source.collect(), now_seconds());
  }
}

}  // namespace

int show_plot(const ChosenSource& chosen, const std::string& name, double seconds) {
  std::setlocale(LC_CTYPE, "");
  Watch watch;
  const std::shared_ptr<const Collection> first = chosen.source->collect();
  report_problems(*first);
  watch.add(first, now_seconds());
  std::vector<const WatchedMetric*> metrics = named(watch, name);
  if (metrics.empty()) {
    write_error(fmt::format("weir: no metric is named {}; without --plot all are shown\n", in_one_line(name)));
    return kFaults;
  }
  const bool is_over_time =
      std::ranges::any_of(metrics, [](const WatchedMetric* metric) { return metric->type != MetricType::histogram; });
  if (seconds == 0 && is_over_time) seconds = kUsualSeconds;
  if (seconds > 0) read_on(watch, *chosen.source, seconds);
  metrics = named(watch, name);
  std::string out;
  for (std::size_t i = 0; i < std::min(metrics.size(), kMostPlots); ++i) {
    if (i > 0) out += "\n";
    for (const ScreenLine& line : metric_page(watch, *metrics[i], nullptr, output_columns())) out += line.text + "\n";
  }
  if (metrics.size() > kMostPlots) {
    out += fmt::format("\nand {} more of that name; write one as it stands in `weir top --once`\n",
                       metrics.size() - kMostPlots);
  }
  write_out(out);
  return kGood;
}

}  // namespace weir::cli
