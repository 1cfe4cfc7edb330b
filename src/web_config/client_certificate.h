// Whether the certificate a client shows lets it in.
//
// Thread safety: pure functions over what OpenSSL hands them.
#pragma once

#include <openssl/x509.h>

#include <string>
#include <vector>

#include "web_config/web_config.h"

namespace weir {

/// For SSL_CTX_set_cert_verify_callback: verifies the chain where `auth` says so, then the names; an empty list allows
/// any. Leaves the fault in `store` for the alert.
bool accept_client(X509_STORE_CTX* store, ClientAuth auth, const std::vector<std::string>& allowed_names);

/// The subject alternative names as Go writes them: DNS names, e-mail addresses, URIs, IP addresses. (The common name
/// is none of them.)
std::vector<std::string> alternative_names(X509* certificate);

}  // namespace weir
