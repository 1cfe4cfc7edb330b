#include "web_config/basic_auth.h"

#include <openssl/evp.h>

#include <algorithm>
#include <string>

namespace weir {
namespace {

constexpr std::string_view kScheme = "basic ";
constexpr std::size_t kMaxEncoded = 4096;

bool is_base64(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

std::optional<std::string> base64_decoded(std::string_view text) {
  const std::size_t padding = text.size() - std::min(text.size(), text.find_last_not_of('=') + 1);
  // OpenSSL's decoder trims blanks and takes `=` anywhere: only what is base64 strictly reaches it.
  if (text.empty() || text.size() > kMaxEncoded || text.size() % 4 != 0 || padding > 2) return {};
  if (!std::ranges::all_of(text.substr(0, text.size() - padding), is_base64)) return {};
  std::string out(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return {};
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

}  // namespace

std::optional<Credentials> basic_credentials(std::string_view header) {
  if (header.size() < kScheme.size()) return {};
  const auto same = [](char want, char have) { return (have >= 'A' && have <= 'Z' ? have + 32 : have) == want; };
  if (!std::equal(kScheme.begin(), kScheme.end(), header.begin(), same)) return {};
  header.remove_prefix(kScheme.size());
  header.remove_prefix(std::min(header.find_first_not_of(' '), header.size()));
  const std::optional<std::string> decoded = base64_decoded(header);
  if (!decoded) return {};
  const std::size_t colon = decoded->find(':');
  if (colon == std::string::npos) return {};
  return Credentials{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

}  // namespace weir
