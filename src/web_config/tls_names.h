// The names a web configuration file has for cipher suites and curves: those of Go's crypto/tls.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace weir {

/// Whether `name` is a suite with forward secrecy that may be listed (IANA's name, as Go's CipherSuites() has it).
bool is_cipher_suite(std::string_view name);
/// Suites of TLS 1.3 and those before have lists of their own in OpenSSL.
bool is_tls13_suite(std::string_view name);
/// All of them, for messages.
std::string cipher_suite_names();

/// OpenSSL's name of CurveP256, CurveP384, CurveP521 or X25519; empty for any other.
std::string_view openssl_curve(std::string_view name);
std::string curve_names();

}  // namespace weir
