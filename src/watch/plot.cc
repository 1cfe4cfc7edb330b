#include "watch/plot.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "watch/column_text.h"

namespace weir {
namespace {

constexpr std::size_t kScale = 11;  // columns of the numbers on the left, with a blank
constexpr std::array<const char*, 9> kUpwards{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<const char*, 9> kRightwards{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};

std::size_t drawing_width(const PlotSize& size) { return std::max<std::size_t>(size.width, 16) - kScale; }

/// `eighths` of a row of cells, 8 a cell: what the cell `row` (0 at the foot) shows.
const char* cell_of(std::size_t eighths, std::size_t row, bool blocks) {
  const std::size_t here = std::min<std::size_t>(eighths > row * 8 ? eighths - row * 8 : 0, 8);
  if (blocks) return kUpwards[here];
  return here >= 4 ? "#" : here > 0 ? "." : " ";
}

std::string bar(double share, std::size_t width, bool blocks) {
  auto eighths = static_cast<std::size_t>(std::lround(share * static_cast<double>(width * 8)));
  if (share > 0) eighths = std::max<std::size_t>(eighths, 1);
  std::string out;
  if (!blocks) return std::string((eighths + 7) / 8, '#');
  for (std::size_t i = 0; i < eighths / 8; ++i) out += kRightwards[8];
  return out + kRightwards[eighths % 8];
}

std::string without_blanks_at_end(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::vector<std::string> plot_over_time(std::span<const float> values, const PlotSize& size) {
  values = values.last(std::min(values.size(), drawing_width(size)));
  double low = 0;
  double high = 0;
  for (const float value : values) {
    if (!std::isfinite(value)) continue;
    low = std::min<double>(low, value);
    high = std::max<double>(high, value);
  }
  const bool blocks = has_blocks();
  const double span = high > low ? high - low : 1;
  std::vector<std::string> lines;
  for (std::size_t row = size.height; row-- > 0;) {
    const std::string scale = row + 1 == size.height ? number_text(high) : row == 0 ? number_text(low) : "";
    std::string line = fit_right(scale, kScale - 1) + " ";
    for (const float value : values) {
      const double share = std::isfinite(value) ? (value - low) / span : 0;
      auto eighths = static_cast<std::size_t>(std::lround(share * static_cast<double>(size.height * 8)));
      if (std::isfinite(value) && value != 0) eighths = std::max<std::size_t>(eighths, 1);  // little is not nothing
      line += cell_of(eighths, row, blocks);
    }
    lines.push_back(without_blanks_at_end(std::move(line)));
  }
  return lines;
}

std::vector<std::string> plot_buckets(std::span<const BucketCount> buckets, const PlotSize& size) {
  std::vector<double> own;
  double before = 0;
  double most = 0;
  for (const BucketCount& bucket : buckets) {
    own.push_back(std::max(bucket.count - before, 0.0));
    before = bucket.count;
    most = std::max(most, own.back());
  }
  const bool blocks = has_blocks();
  const std::size_t width = drawing_width(size) > 12 ? drawing_width(size) - 11 : 1;
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    lines.push_back(without_blanks_at_end(fmt::format("{} {} {}", fit_right(number_text(buckets[i].bound), kScale - 1),
                                                      fit_right(number_text(own[i]), 10),
                                                      most > 0 ? bar(own[i] / most, width, blocks) : "")));
  }
  return lines;
}

std::string quantile_line(std::span<const BucketCount> buckets) {
  return fmt::format("p50 {}  p90 {}  p99 {}", rate_text(histogram_quantile(buckets, 0.5)),
                     rate_text(histogram_quantile(buckets, 0.9)), rate_text(histogram_quantile(buckets, 0.99)));
}

}  // namespace weir
