#include "web_config/bcrypt.h"

#include <crypt.h>
#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <memory>

namespace weir {
namespace {

constexpr std::size_t kHashSize = 60;  // $2y$10$ + 22 of salt + 31 of the digest
constexpr const char* kRight =
    "it must be a bcrypt hash of 60 characters, as `htpasswd -nBC 10 NAME` prints it after the colon";

bool is_bcrypt_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '/';
  });
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string bcrypt_fault(std::string_view hash) {
  const std::string_view kind = hash.substr(0, 4);
  if (kind != "$2a$" && kind != "$2b$" && kind != "$2y$") {
    return fmt::format("is no bcrypt hash ($2a$, $2b$ or $2y$); {}", kRight);
  }
  if (hash.size() != kHashSize) return fmt::format("is a hash of {} characters; {}", hash.size(), kRight);
  if (!is_digit(hash[4]) || !is_digit(hash[5]) || hash[6] != '$' || !is_bcrypt_text(hash.substr(7))) {
    return fmt::format("is damaged; {}", kRight);
  }
  const int cost = bcrypt_cost(hash);
  if (cost < kLeastBcryptCost || cost > kMostBcryptCost) {
    return fmt::format("is a bcrypt hash of cost {}; it must be from {} to {} (each more doubles the time of a check)",
                       cost, kLeastBcryptCost, kMostBcryptCost);
  }
  return {};
}

int bcrypt_cost(std::string_view hash) { return (hash[4] - '0') * 10 + (hash[5] - '0'); }

bool bcrypt_matches(const std::string& password, const std::string& hash) {
  const bool has_zero = password.find('\0') != std::string::npos;
  auto data = std::make_unique<crypt_data>();  // 32 KiB
  const char* computed = crypt_r(password.c_str(), hash.c_str(), data.get());
  const bool matches = computed != nullptr && std::string_view(computed).size() == hash.size() &&
                       CRYPTO_memcmp(computed, hash.data(), hash.size()) == 0;
  OPENSSL_cleanse(data.get(), sizeof *data);
  return matches && !has_zero;
}

std::string bcrypt_of_nobody(int cost) {
  // The digest is all zero bits, which no password is known to have; the salt is any.
  return fmt::format("$2b${:02}${}{}", cost, "WeirAnswersStrangers..", std::string(31, '.'));
}

}  // namespace weir
