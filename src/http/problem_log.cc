#include "http/problem_log.h"

#include <algorithm>

#include "weir/log.h"

namespace weir {

std::size_t ProblemLog::met(std::span<const Problem> problems) {
  std::set<std::pair<std::string, std::string>> now;
  std::size_t logged = 0;
  for (const Problem& problem : problems.first(std::min(problems.size(), kRemembered))) {
    const auto [at, is_new] = now.emplace(problem.subject, problem.reason);
    if (!is_new || known_.contains(*at)) continue;
    log_line(LogLevel::warning, "skipped: " + message_with_subject(problem));
    ++logged;
  }
  known_ = std::move(now);
  return logged;
}

}  // namespace weir
