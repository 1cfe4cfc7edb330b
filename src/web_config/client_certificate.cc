#include "web_config/client_certificate.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <memory>

namespace weir {
namespace {

std::string address_text(const ASN1_OCTET_STRING* bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = ASN1_STRING_length(bytes) == 4 ? AF_INET : AF_INET6;
  if (family == AF_INET6 && ASN1_STRING_length(bytes) != 16) return {};
  return inet_ntop(family, ASN1_STRING_get0_data(bytes), text.data(), text.size()) == nullptr ? "" : text.data();
}

std::string name_text(const GENERAL_NAME& name) {
  const ASN1_STRING* text = nullptr;
  switch (name.type) {
    case GEN_DNS:
      text = name.d.dNSName;
      break;
    case GEN_EMAIL:
      text = name.d.rfc822Name;
      break;
    case GEN_URI:
      text = name.d.uniformResourceIdentifier;
      break;
    case GEN_IPADD:
      return address_text(name.d.iPAddress);
    default:
      return {};
  }
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

}  // namespace

std::vector<std::string> alternative_names(X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      &GENERAL_NAMES_free);
  std::vector<std::string> names;
  for (int i = 0; all != nullptr && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    if (std::string name = name_text(*sk_GENERAL_NAME_value(all.get(), i)); !name.empty())
      names.push_back(std::move(name));
  }
  return names;
}

bool accept_client(X509_STORE_CTX* store, ClientAuth auth, const std::vector<std::string>& allowed_names) {
  if (verifies(auth) && X509_verify_cert(store) != 1) return false;
  if (allowed_names.empty()) return true;
  const std::vector<std::string> names = alternative_names(X509_STORE_CTX_get0_cert(store));
  const bool is_allowed = std::ranges::any_of(
      names, [&](const std::string& name) { return std::ranges::find(allowed_names, name) != allowed_names.end(); });
  if (!is_allowed) X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
  return is_allowed;
}

}  // namespace weir
