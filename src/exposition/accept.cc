#include "exposition/accept.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace weir {
namespace {

std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

/// Cuts the front of `rest` up to `separator`, which does not count inside double quotes.
std::string_view next_part(std::string_view& rest, char separator) noexcept {
  bool quoted = false;
  std::size_t i = 0;
  for (; i < rest.size(); ++i) {
    if (rest[i] == '"') quoted = !quoted;
    if (quoted && rest[i] == '\\' && i + 1 < rest.size())
      ++i;
    else if (!quoted && rest[i] == separator)
      break;
  }
  const std::string_view part = rest.substr(0, i);
  rest.remove_prefix(std::min(i + 1, rest.size()));
  return trim(part);
}

std::string_view unquoted(std::string_view text) noexcept {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
  return text;
}

double parse_q(std::string_view text) noexcept {
  double q = 1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), q);
  if (error != std::errc{} || end != text.data() + text.size() || std::isnan(q)) return 1;
  return std::clamp(q, 0.0, 1.0);
}

AcceptClause parse_clause(std::string_view text) {
  AcceptClause clause;
  clause.value = next_part(text, ';');
  while (!text.empty()) {
    std::string_view parameter = next_part(text, ';');
    if (parameter.empty()) continue;
    const std::string_view name = next_part(parameter, '=');
    const std::string_view value = unquoted(trim(parameter));
    if (equals_ignoring_case(name, "q"))
      clause.q = parse_q(value);
    else
      clause.parameters.emplace_back(name, value);
  }
  return clause;
}

/// 0 for `text/plain`, 1 for `text/*`, 2 for `*/*` and `*`.
int wildcards(const AcceptClause& clause) noexcept {
  if (clause.value.starts_with('*')) return 2;
  return clause.value.ends_with('*') ? 1 : 0;
}

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view AcceptClause::parameter(std::string_view name) const noexcept {
  for (const auto& [key, text] : parameters) {
    if (equals_ignoring_case(key, name)) return text;
  }
  return {};
}

std::vector<AcceptClause> parse_accept(std::string_view header) {
  std::vector<AcceptClause> clauses;
  while (!header.empty()) {
    AcceptClause clause = parse_clause(next_part(header, ','));
    if (!clause.value.empty()) clauses.push_back(std::move(clause));
  }
  std::ranges::stable_sort(clauses, [](const AcceptClause& a, const AcceptClause& b) {
    return a.q != b.q ? a.q > b.q : wildcards(a) < wildcards(b);
  });
  return clauses;
}

}  // namespace weir
