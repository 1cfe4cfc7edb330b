#include "watch/url_advice.h"

#include <fmt/core.h>

#include "model/printable.h"
#include "watch/curl_library.h"

namespace weir {
namespace {

constexpr long kCertificateHasEnded = 10;  // X509_V_ERR_CERT_HAS_EXPIRED
/// What servers that expect TLS answer to HTTP: Weir, Go, nginx.
constexpr std::string_view kExpectsTls[] = {"HTTP request to an HTTPS server",
                                            "plain HTTP request was sent to HTTPS port"};

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string of_certificate(const UrlOutcome& outcome) {
  if (has(outcome.said, "target host name")) {
    return fmt::format("write a name into the URL that its certificate has, instead of {}", printable(outcome.host));
  }
  if (outcome.verified == kCertificateHasEnded) return "have its certificate renewed, or set this host's clock right";
  const std::string now = outcome.ca_file.empty() ? "" : fmt::format(" (it is {})", printable(outcome.ca_file));
  return fmt::format("set SSL_CERT_FILE{} to a PEM file with the authority that signed its certificate", now);
}

std::string of_handshake(const UrlOutcome& outcome) {
  if (has(outcome.said, "certificate required")) {
    return "it asks clients for a certificate, and weir has none to show: run weir where the metrics are, with --dir "
           "or --redis";
  }
  if (has(outcome.said, "wrong version number") || has(outcome.said, "packet length")) {
    return "it seems to speak HTTP without TLS there: write http://";
  }
  // Its answer in plain text can be lost: who closes what was not read to the end resets the connection.
  if (has(outcome.said, "SSL_ERROR_SYSCALL")) {
    return "it ended the connection in the handshake: if it speaks HTTP without TLS there, write http://";
  }
  return "";
}

std::string of_status(const UrlOutcome& outcome) {
  if (outcome.status == 401) {
    return fmt::format(
        "it asks for a user and a password: write `machine {} login USER password PASSWORD` into ~/.netrc, or correct "
        "what stands there",
        outcome.host);
  }
  if (outcome.status == 404 || is_web_page(outcome.body)) return "write the path of its metrics, mostly /metrics";
  for (const std::string_view words : kExpectsTls) {
    if (has(outcome.body, words)) return "it speaks TLS there: write https://";
  }
  return "";
}

}  // namespace

bool is_web_page(std::string_view body) {
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && body[first] == '<';
}

std::string url_advice(const UrlOutcome& outcome) {
  switch (outcome.code) {
    case CURLE_OK:
      return of_status(outcome);
    case CURLE_PEER_FAILED_VERIFICATION:
      return of_certificate(outcome);
    case CURLE_SSL_CACERT_BADFILE:
      return fmt::format("SSL_CERT_FILE is {}; it must be a readable file of certificates in PEM",
                         printable(outcome.ca_file));
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return of_handshake(outcome);
    case CURLE_COULDNT_CONNECT:
      return "see whether it runs, and whether it listens at this address and port";
    default:
      return "";
  }
}

}  // namespace weir
