// The Accept family of HTTP headers, as a list in order of preference.
//
//   for (const AcceptClause& clause : parse_accept("text/plain;version=0.0.4;q=0.5, */*;q=0.1")) ...
//
// Reads what scrapers send and forgives the rest: an unreadable q counts as 1, empty clauses are skipped.
// Thread safety: pure functions; the clauses are views into the header, which must outlive them.
// Source: RFC 9110, section 12.5
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace weir {

struct AcceptClause {
  std::string_view value;                                                 ///< `text/plain`, `gzip`, `*`
  double q = 1;                                                           ///< 0 (refused) to 1
  std::vector<std::pair<std::string_view, std::string_view>> parameters;  ///< without q; quotes removed

  /// The parameter of that name (in any case), empty where there is none.
  std::string_view parameter(std::string_view name) const noexcept;
};

/// The clauses by descending q; equal ones with fewer wildcards first, then in the header's order.
std::vector<AcceptClause> parse_accept(std::string_view header);

/// ASCII only, as HTTP tokens compare.
bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;

}  // namespace weir
