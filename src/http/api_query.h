// What the query of a request under /api/v1 asks, or what is wrong with it.
//
//   ApiQuery query = api_query(View::api_split, {{"family", "http_requests"}});
//   if (!query.fault.empty()) ...      // 400: a sentence that names the parameter, its value and what would be right
//
// Nothing is guessed: a parameter that is missing, empty, given twice, out of range or not known is a fault.
//
// Thread safety: pure functions. Invariants: I4.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "http/ask.h"

namespace weir {

/// Decoded; `family` without `=` has the value "".
using QueryArgument = std::pair<std::string, std::string>;

struct ApiQuery {
  std::vector<std::string> names;  ///< for Ask::names: of /split the family, of /status how many writers, if told
  std::string fault;               ///< a line; empty: none
};

/// How many writers /api/v1/status lists, and the most that may be asked for.
inline constexpr std::size_t kUsualWriters = 2000;
inline constexpr std::size_t kMostWriters = 100'000;

ApiQuery api_query(View view, const std::vector<QueryArgument>& arguments);
/// What api_query() left of `writers` in Ask::names.
std::size_t writers_asked(const Ask& ask);

}  // namespace weir
