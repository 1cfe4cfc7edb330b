#include "weir/buckets.h"

#include <limits>

#include <fmt/format.h>

#include "weir/error.h"

namespace weir {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

void require(bool good, const char* function, const char* what, double value) {
  if (!good) throw ValueError(fmt::format("{}: {}, not {}", function, what, value));
}

}  // namespace

std::vector<double> default_buckets() {
  return {.005, .01, .025, .05, .075, .1, .25, .5, .75, 1.0, 2.5, 5.0, 7.5, 10.0, kInfinity};
}

std::vector<double> linear_buckets(double start, double width, std::size_t count) {
  require(width > 0, "linear_buckets", "width must be above 0", width);
  require(count > 0, "linear_buckets", "count must be 1 or more", static_cast<double>(count));
  std::vector<double> bounds(count);
  for (std::size_t i = 0; i < count; ++i) bounds[i] = start + width * static_cast<double>(i);
  bounds.push_back(kInfinity);
  return bounds;
}

std::vector<double> exponential_buckets(double start, double factor, std::size_t count) {
  require(start > 0, "exponential_buckets", "start must be above 0", start);
  require(factor > 1, "exponential_buckets", "factor must be above 1", factor);
  require(count > 0, "exponential_buckets", "count must be 1 or more", static_cast<double>(count));
  std::vector<double> bounds(count);
  double bound = start;
  for (double& b : bounds) {
    b = bound;
    bound *= factor;
  }
  bounds.push_back(kInfinity);
  return bounds;
}

}  // namespace weir
