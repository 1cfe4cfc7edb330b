#include "harness/body_check.h"

#include <fmt/format.h>

#include <charconv>

namespace weir::bench {

BodyCheck::BodyCheck(const std::vector<std::string>& series) {
  numbers_.reserve(series.size());
  for (std::size_t i = 0; i < series.size(); ++i) numbers_.emplace(series[i], i);
}

std::string BodyCheck::fault(std::string_view body, const std::vector<double>& truth) const {
  std::vector<bool> seen(truth.size());
  std::size_t lines = 0;
  while (!body.empty()) {
    const std::string_view line = body.substr(0, body.find('\n'));
    body.remove_prefix(std::min(body.size(), line.size() + 1));
    if (line.empty() || line.front() == '#') continue;
    const std::size_t space = line.rfind(' ');
    const auto at = numbers_.find(line.substr(0, space));
    if (at == numbers_.end() || seen[at->second]) return fmt::format("line \"{}\" should not be there", line);
    seen[at->second] = true;
    ++lines;
    double value = 0;
    std::from_chars(line.data() + space + 1, line.data() + line.size(), value);
    if (value != truth[at->second]) return fmt::format("line \"{}\" should say {}", line, truth[at->second]);
  }
  return lines == truth.size() ? std::string() : fmt::format("{} series instead of {}", lines, truth.size());
}

}  // namespace weir::bench
