#include "harness/report.h"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <time.h>

#include <cstdio>

namespace weir::bench {

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void Row::time(std::string rival, std::function<double(std::size_t)> measure) {
  rivals_.push_back({std::move(rival), std::move(measure), {}});
}

void Row::run(std::size_t rounds) {
  for (Rival& rival : rivals_) rival.measure(0);
  for (std::size_t round = 1; round <= rounds; ++round) {
    for (Rival& rival : rivals_) rival.figures.push_back(rival.measure(round));
  }
}

void Row::figure(const std::string& rival, double value) { rivals_.push_back({rival, {}, {value}}); }

void Row::wrong(const std::string& message) {
  if (fault_.empty()) fault_ = message;
}

void Row::print() const {
  std::vector<std::string> rivals;
  rivals.reserve(rivals_.size());
  for (const Rival& rival : rivals_) {
    rivals.push_back(fmt::format(R"("{}": [{:.6g}])", rival.name, fmt::join(rival.figures, ", ")));
  }
  std::string fault;
  for (const char c : fault_) fault += c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 ? '\'' : c;
  fmt::print("{{\"work\": \"{}\", \"unit\": \"{}\", \"fault\": \"{}\", \"rivals\": {{{}}}}}\n", work_, unit_, fault,
             fmt::join(rivals, ", "));
  std::fflush(stdout);
}

}  // namespace weir::bench
