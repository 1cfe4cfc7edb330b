#include "web_config/tls_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace weir {
namespace {

constexpr std::array<std::string_view, 13> kSuites{"TLS_AES_128_GCM_SHA256",
                                                   "TLS_AES_256_GCM_SHA384",
                                                   "TLS_CHACHA20_POLY1305_SHA256",
                                                   "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
                                                   "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
                                                   "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
                                                   "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
                                                   "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                                                   "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                                                   "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                                                   "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                                                   "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
                                                   "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kCurves{
    {{"X25519", "X25519"}, {"CurveP256", "P-256"}, {"CurveP384", "P-384"}, {"CurveP521", "P-521"}}};

}  // namespace

bool is_cipher_suite(std::string_view name) { return std::ranges::find(kSuites, name) != kSuites.end(); }

bool is_tls13_suite(std::string_view name) { return name.find("_WITH_") == std::string_view::npos; }

std::string cipher_suite_names() { return fmt::format("{}", fmt::join(kSuites, ", ")); }

std::string_view openssl_curve(std::string_view name) {
  const auto found = std::ranges::find(kCurves, name, [](const auto& one) { return one.first; });
  return found == kCurves.end() ? std::string_view() : found->second;
}

std::string curve_names() {
  std::string names;
  for (const auto& one : kCurves) names += fmt::format("{}{}", names.empty() ? "" : ", ", one.first);
  return names;
}

}  // namespace weir
