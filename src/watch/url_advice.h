// What to do next about an exporter's URL that could not be read: the option, variable or file that decides it.
//
// Thread safety: pure.
#pragma once

#include <string>
#include <string_view>

namespace weir {

/// How one request ended, in libcurl's terms.
struct UrlOutcome {
  int code = 0;           ///< CURLcode
  long verified = 0;      ///< CURLINFO_SSL_VERIFYRESULT: OpenSSL's X509_V_ERR_…
  std::string said{};     ///< libcurl's words
  long status = 0;        ///< of HTTP; 0: no answer
  std::string body{};     ///< of the answer
  std::string host{};     ///< of the URL, as libcurl read it: nothing in it that could harm a terminal
  std::string ca_file{};  ///< SSL_CERT_FILE; empty: not set
};

/// Whether that is a page for people; no line of an exposition begins with `<`.
bool is_web_page(std::string_view body);

/// An imperative, as in `write https://…`; empty where libcurl's words are all there is to say.
std::string url_advice(const UrlOutcome& outcome);

}  // namespace weir
