// The parts of a Redis URL, and a form of it that people may see.
//
//   const UrlParts parts = split_url("redis://:secret@cache:6379/2");   // authority "cache:6379", path "/2"
//   throw ConfigError(… + visible_url(url));                            // redis://:***@cache:6379/2
//
// A URL with a mistake in it may show its password anywhere (an '@' forgotten, a '/' not encoded): what could be one is
// hidden, rather a host too many than a password too few.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace weir {

struct UrlParts {
  std::string scheme;          // lower case
  std::string_view user_info;  // before '@'
  std::string_view hosts;      // after it
  std::string_view path;       // with its slash
  std::string_view query;      // without its question mark
  bool has_user_info = false;
};

/// Throws ConfigError for what is no URL. The views stand in `url`.
UrlParts split_url(std::string_view url);

/// Throws ConfigError: `Redis URL 'redis://…': what`.
[[noreturn]] void refuse_url(std::string_view url, std::string_view what);
std::string visible_url(std::string_view url);

/// Throws ConfigError for a '%' without two hexadecimal digits; `of_what` names the part, whose value is not shown.
std::string percent_decode(std::string_view url, std::string_view text, std::string_view of_what);
/// Letters, digits and `-._~` stand for themselves, and what is in `kept`.
std::string percent_encode(std::string_view text, std::string_view kept = {});

/// 1 to 65535 in plain digits, or 0 for what is none.
unsigned parse_port(std::string_view text);

}  // namespace weir
