// The web configuration file of Prometheus' exporters, taken apart: TLS, response headers, users.
//
//   const WebConfig config = parse_web_config(text, "/etc/weir/web.yml");
//
// The same keys and values as Prometheus' exporter toolkit knows (its docs/web-configuration.md), so that one file
// serves every exporter of a machine. What Weir reads more strictly, because the toolkit's answer would be insecure or
// silently nothing: TLS below 1.2, a verifying client_auth_type without an authority, a key written twice.
//
// Thread safety: values and a pure function. Reads no file: certificates are web_files.h's.
// Invariants: I4 (any bytes: a config or a ConfigError; secrets stand in no message).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

/// Whether clients are asked for a certificate, and what becomes of it; the words are those of Go's crypto/tls.
enum class ClientAuth : std::uint8_t {
  none,                ///< NoClientCert: not asked
  request,             ///< RequestClientCert: asked, may be missing, never verified
  require_any,         ///< RequireAnyClientCert: there must be one, never verified
  verify_if_given,     ///< VerifyClientCertIfGiven
  require_and_verify,  ///< RequireAndVerifyClientCert: the one that keeps strangers out
};
constexpr bool verifies(ClientAuth auth) {
  return auth == ClientAuth::verify_if_given || auth == ClientAuth::require_and_verify;
}

enum class TlsVersion : std::uint8_t { tls_1_2, tls_1_3 };

/// PEM text: in a file, or in the configuration itself.
struct PemPlace {
  std::string file;  ///< empty: none
  std::string inline_text;
  int line = 0;     ///< of the configuration file, from 1; 0: not from one
  std::string key;  ///< what named it: `cert_file`, or a variable

  bool is_given() const { return !file.empty() || !inline_text.empty(); }
};

struct TlsServerConfig {
  PemPlace certificate;  ///< the server's, then those in between
  PemPlace key;
  PemPlace client_ca;               ///< certificates of the authorities clients are verified against
  std::string client_ca_directory;  ///< the same as files named by hash (`openssl rehash`)
  ClientAuth client_auth = ClientAuth::none;
  std::vector<std::string> client_allowed_sans;  ///< empty: any name
  TlsVersion min_version = TlsVersion::tls_1_2;
  TlsVersion max_version = TlsVersion::tls_1_3;
  std::vector<std::string> cipher_suites;  ///< IANA names; empty: those with forward secrecy and authentication
  std::vector<std::string> curves;         ///< OpenSSL's names; empty: X25519, P-256, P-384
  bool prefer_server_cipher_suites = true;
};

/// User name to bcrypt hash.
using WebUsers = std::map<std::string, std::string, std::less<>>;

struct WebConfig {
  std::optional<TlsServerConfig> tls;  ///< nothing: plain HTTP
  bool wants_http2 = false;            ///< said `http2: true`; Weir speaks HTTP/1.1
  std::vector<std::pair<std::string, std::string>> headers;
  WebUsers users;  ///< empty: no password
};

/// `path` names the file in messages; files it names are relative to its folder. Throws ConfigError naming file, line,
/// key, value and what would be right.
WebConfig parse_web_config(std::string_view text, const std::string& path);

}  // namespace weir
