#include "redis/redis_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "model/printable.h"
#include "weir/error.h"

namespace weir {
namespace {

constexpr std::string_view kAfterScheme = "://";

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// `host:port` of a list, with what stands where a port should hidden unless it is one.
std::string visible_hosts(std::string_view hosts) {
  std::string result;
  for (std::size_t from = 0; from <= hosts.size();) {
    const std::size_t end = std::min(hosts.find(',', from), hosts.size());
    const std::string_view one = hosts.substr(from, end - from);
    const std::size_t bracket = one.starts_with('[') ? one.find(']') : std::string_view::npos;
    const std::size_t colon = one.find(':', bracket == std::string_view::npos ? 0 : bracket);
    const bool hidden = colon != std::string_view::npos && parse_port(one.substr(colon + 1)) == 0;
    if (from > 0) result += ',';
    result += hidden ? fmt::format("{}:***", one.substr(0, colon)) : std::string(one);
    from = end + 1;
  }
  return result;
}

/// What stands where a URL should: `localhost`, and `host:port`. A bare word may be a password, and so may what stands
/// before an '@' or behind a '/'.
std::string visible_without_scheme(std::string_view text) {
  const std::size_t at = text.rfind('@');
  const std::string_view place = at == std::string_view::npos ? text : text.substr(at + 1);
  const std::string_view authority = place.substr(0, place.find('/'));
  const std::string_view host = authority.substr(0, authority.find(':'));
  const bool is_name = !host.empty() && std::ranges::all_of(host, [](char c) {
    return is_alphanumeric(c) || std::string_view("-._").find(c) != std::string_view::npos;
  });
  const bool is_list = authority.find(',') != std::string_view::npos;
  const bool is_place = !is_list && (authority == "localhost" || (is_name && host.size() < authority.size()));
  return (at == std::string_view::npos ? "" : "***@") + (is_place ? visible_hosts(authority) : "***") +
         (is_place && authority.size() < place.size() ? "/***" : "");
}

}  // namespace

std::string visible_url(std::string_view url) {
  const std::size_t scheme_end = url.find(kAfterScheme);
  if (scheme_end == std::string_view::npos) return visible_without_scheme(url);
  const std::size_t from = scheme_end + kAfterScheme.size();
  const std::string scheme(url.substr(0, from));
  const std::size_t authority_end = std::min(url.find_first_of("/?#", from), url.size());
  const std::string_view authority = url.substr(from, authority_end - from);
  const std::string_view rest = url.substr(authority_end);
  const std::size_t question = rest.find_first_of("?#");
  const std::string shown_rest =
      question == std::string_view::npos ? std::string(rest) : fmt::format("{}?***", rest.substr(0, question));
  const std::size_t at = authority.rfind('@');
  // An '@' behind the hosts may end a password with a bare '/' in it. A socket's path may have one.
  const std::size_t at_behind = rest.find('@');
  const bool is_path = authority.empty() && scheme.find("unix") != std::string::npos && rest.find(':') > at_behind;
  if (at_behind != std::string_view::npos && !is_path) return scheme + "***";
  if (at == std::string_view::npos) return scheme + visible_hosts(authority) + shown_rest;
  const std::string_view user_info = authority.substr(0, at);
  const std::size_t colon = user_info.find(':');
  const std::string user =
      colon == std::string_view::npos ? std::string(user_info) : fmt::format("{}:***", user_info.substr(0, colon));
  return fmt::format("{}{}@{}{}", scheme, user, visible_hosts(authority.substr(at + 1)), shown_rest);
}

void refuse_url(std::string_view url, std::string_view what) {
  throw ConfigError(fmt::format("Redis URL {}: {}", printable(visible_url(url)), what));
}

UrlParts split_url(std::string_view url) {
  UrlParts parts;
  const std::size_t scheme_end = url.find(kAfterScheme);
  if (scheme_end == std::string_view::npos) refuse_url(url, "it does not begin like redis://host:6379/0");
  const bool has_blank = std::any_of(url.begin(), url.end(), [](unsigned char c) { return c <= ' ' || c == 0x7f; });
  if (has_blank) refuse_url(url, "a blank or control character stands in it; percent-encode it");
  if (url.find('#') != std::string_view::npos) refuse_url(url, "a '#' stands in it; percent-encode it as %23");
  for (const char letter : url.substr(0, scheme_end)) {
    parts.scheme += letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  }
  const std::string_view rest = url.substr(scheme_end + kAfterScheme.size());
  const std::size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, authority_end);
  const std::size_t question = std::min(rest.find('?', authority_end), rest.size());
  parts.path = rest.substr(authority_end, question - authority_end);
  parts.query = question < rest.size() ? rest.substr(question + 1) : std::string_view();
  if (!authority.empty() && rest.find('@', authority_end) != std::string_view::npos) {
    refuse_url(url, "an '@' stands after the host; percent-encode '/', '?' and '@' in user, password and names");
  }
  const std::size_t at = authority.rfind('@');
  parts.has_user_info = at != std::string_view::npos;
  if (parts.has_user_info) parts.user_info = authority.substr(0, at);
  parts.hosts = parts.has_user_info ? authority.substr(at + 1) : authority;
  return parts;
}

std::string percent_decode(std::string_view url, std::string_view text, std::string_view of_what) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      refuse_url(url, fmt::format("a '%' in the {} has no two hexadecimal digits; write %25 for '%' itself", of_what));
    }
    result += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return result;
}

std::string percent_encode(std::string_view text, std::string_view kept) {
  std::string result;
  for (const char c : text) {
    if (is_alphanumeric(c) || std::string_view("-._~").find(c) != std::string_view::npos ||
        kept.find(c) != std::string_view::npos) {
      result += c;
    } else {
      fmt::format_to(std::back_inserter(result), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return result;
}

unsigned parse_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool is_port = failure == std::errc() && end == text.data() + text.size() && port <= 65535;
  return is_port ? port : 0;
}

}  // namespace weir
