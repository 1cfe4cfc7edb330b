#include "http/request_check.h"

#include <algorithm>
#include <cstring>

namespace weir {
namespace {

/// What libmicrohttpd keeps of an argument, beside its text.
constexpr std::size_t kArgumentBytes = 64;

/// `tchar` of RFC 9110, section 5.6.2.
bool is_token_character(char c) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || kOthers.find(c) != kOthers.npos;
}

bool is_host(std::string_view name) {
  constexpr std::string_view kHost = "host";
  return std::ranges::equal(name, kHost, [](char have, char wanted) { return (have | 0x20) == wanted; });
}

struct Met {
  std::size_t hosts = 0;
  const char* fault = nullptr;
};

MHD_Result look_at(void* met, MHD_ValueKind, const char* name, std::size_t name_size, const char*, std::size_t) {
  auto& all = *static_cast<Met*>(met);
  const std::string_view key(name, name_size);
  if (key.empty() || !std::ranges::all_of(key, is_token_character)) {
    all.fault = "The name of a header holds a character that no name may have.\n";
  } else if (is_host(key) && ++all.hosts > 1) {
    all.fault = "There is more than one Host.\n";
  }
  return all.fault == nullptr ? MHD_YES : MHD_NO;
}

}  // namespace

const char* header_fault(MHD_Connection* connection) {
  Met met;
  MHD_get_connection_values_n(connection, MHD_HEADER_KIND, &look_at, &met);
  return met.fault;
}

bool holds_nul(const char* uri_end, const char* version) noexcept { return version != uri_end + 1; }

bool has_room_for_arguments(std::string_view uri, std::size_t max_request_bytes) {
  const std::size_t question = uri.find('?');
  if (question == std::string_view::npos) return true;
  const auto arguments = 1 + static_cast<std::size_t>(std::ranges::count(uri.substr(question), '&'));
  return uri.size() + arguments * kArgumentBytes <= max_request_bytes;
}

void leave_out_arguments(const char* uri) {
  // The library's own buffer, in which it writes as well while it takes requests apart.
  char* const question = const_cast<char*>(std::strchr(uri, '?'));
  if (question != nullptr) question[1] = '\0';
}

std::size_t unescape(void*, MHD_Connection*, char* text) {
  const std::string_view all(text);
  return all.find("%00") == std::string_view::npos ? MHD_http_unescape(text) : all.size();
}

}  // namespace weir
