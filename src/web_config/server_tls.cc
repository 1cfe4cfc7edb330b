#include "web_config/server_tls.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <ctime>
#include <memory>

#include "model/printable.h"
#include "web_config/client_certificate.h"
#include "web_config/tls_names.h"
#include "weir/error.h"

namespace weir {
namespace {

using PemBio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using PrivateKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

constexpr const char* kGoodSuites = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* kGoodCurves = "X25519:P-256:P-384";

PemBio bio_of(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
}

/// A key under a passphrase would have OpenSSL ask at the terminal; this answers with none.
int no_passphrase(char*, int, int, void*) { return 0; }

[[noreturn]] void refuse(const PemPlace& place, std::string_view why) {
  std::string what = place.key;
  if (!place.file.empty()) what += " " + printable(place.file);
  throw ConfigError(fmt::format("TLS: {} cannot be used: {}", what, why));
}

std::vector<Certificate> certificates_of(const PemPlace& place, const std::string& pem) {
  std::vector<Certificate> all;
  const PemBio bio = bio_of(pem);
  while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, &no_passphrase, nullptr)) all.emplace_back(one, &X509_free);
  const unsigned long last = ERR_peek_last_error();
  const bool is_end = ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
  if (!is_end)
    refuse(place, fmt::format("certificate number {} in it is damaged ({})", all.size() + 1, openssl_words()));
  ERR_clear_error();
  if (all.empty()) refuse(place, "it holds no certificate in PEM (-----BEGIN CERTIFICATE-----)");
  return all;
}

/// HTTP/1.1 where a client offers it; whoever offers other protocols alone finds out by the answer.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned offered_size, void*) {
  constexpr std::string_view kHttp = "http/1.1";
  const std::string_view all(reinterpret_cast<const char*>(offered), offered_size);
  for (std::size_t at = 0; at < all.size(); at += 1 + offered[at]) {
    if (all.substr(at + 1, offered[at]) != kHttp) continue;
    *chosen = offered + at + 1;
    *size = static_cast<unsigned char>(kHttp.size());
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

double seconds_of(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? static_cast<double>(timegm(&parts)) : 0;
}

}  // namespace

ServerTls::ServerTls(const TlsServerConfig& config, const TlsPem& pem)
    : client_auth_(config.client_auth), allowed_names_(config.client_allowed_sans) {
  ERR_clear_error();
  context_ = SSL_CTX_new(TLS_server_method());
  if (context_ == nullptr) throw ConfigError("TLS: " + openssl_words());
  try {
    // HTTP says itself where a request ends, so an end without TLS's goodbye is an end like any other.
    std::uint64_t options =
        SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF;
    if (config.prefer_server_cipher_suites) options |= SSL_OP_CIPHER_SERVER_PREFERENCE;
    SSL_CTX_set_options(context_, options);
    SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context_, 0);
    SSL_CTX_set_alpn_select_cb(context_, &choose_protocol, nullptr);
    // Idle connections hold no buffers.
    // Reading returns after each record, also one that holds no data: in a stream of TLS 1.3's key updates it would go
    // on for as long as they come, and no other connection of its thread be served.
    SSL_CTX_clear_mode(context_, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_mode(context_,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    set_versions_and_ciphers(config);
    set_identity(config, pem);
    set_client_authentication(config, pem);
  } catch (...) {
    SSL_CTX_free(context_);
    throw;
  }
}

ServerTls::~ServerTls() { SSL_CTX_free(context_); }

void ServerTls::set_versions_and_ciphers(const TlsServerConfig& config) {
  std::string suites_12;
  std::string suites_13;
  for (const std::string& name : config.cipher_suites) {
    std::string& list = is_tls13_suite(name) ? suites_13 : suites_12;
    list += (list.empty() ? "" : ":") + (is_tls13_suite(name) ? name : OPENSSL_cipher_name(name.c_str()));
  }
  const bool only_13 = config.min_version == TlsVersion::tls_1_3 || (!suites_13.empty() && suites_12.empty());
  const bool only_12 = config.max_version == TlsVersion::tls_1_2;
  if (only_13 && only_12) throw ConfigError("TLS: max_version is TLS12, and all of cipher_suites are of TLS 1.3");
  if (suites_12.empty()) suites_12 = kGoodSuites;
  const std::string curves = config.curves.empty() ? kGoodCurves : fmt::format("{}", fmt::join(config.curves, ":"));
  const bool is_set = SSL_CTX_set_min_proto_version(context_, only_13 ? TLS1_3_VERSION : TLS1_2_VERSION) == 1 &&
                      SSL_CTX_set_max_proto_version(context_, only_12 ? TLS1_2_VERSION : TLS1_3_VERSION) == 1 &&
                      SSL_CTX_set_cipher_list(context_, suites_12.c_str()) == 1 &&
                      (suites_13.empty() || SSL_CTX_set_ciphersuites(context_, suites_13.c_str()) == 1) &&
                      SSL_CTX_set1_groups_list(context_, curves.c_str()) == 1;
  if (!is_set)
    throw ConfigError("TLS: this OpenSSL cannot do what cipher_suites, curve_preferences and versions say: " +
                      openssl_words());
}

void ServerTls::set_identity(const TlsServerConfig& config, const TlsPem& pem) {
  const std::vector<Certificate> chain = certificates_of(config.certificate, pem.certificate);
  if (SSL_CTX_use_certificate(context_, chain.front().get()) != 1) refuse(config.certificate, openssl_words());
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context_, chain[i].get()) != 1) refuse(config.certificate, openssl_words());
  }
  not_after_ = seconds_of(X509_get0_notAfter(chain.front().get()));
  const PrivateKey key(PEM_read_bio_PrivateKey(bio_of(pem.key).get(), nullptr, &no_passphrase, nullptr),
                       &EVP_PKEY_free);
  if (key == nullptr) {
    refuse(config.key, fmt::format("it holds no private key in PEM without a passphrase ({})", openssl_words()));
  }
  if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
    ERR_clear_error();
    refuse(config.key, fmt::format("it is not the key of the certificate in {}",
                                   config.certificate.file.empty() ? config.certificate.key : config.certificate.file));
  }
  if (SSL_CTX_use_PrivateKey(context_, key.get()) != 1) refuse(config.key, openssl_words());
}

void ServerTls::set_client_authentication(const TlsServerConfig& config, const TlsPem& pem) {
  if (client_auth_ == ClientAuth::none) return;
  const bool is_required = client_auth_ == ClientAuth::require_any || client_auth_ == ClientAuth::require_and_verify;
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | (is_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
  const auto judge = [](X509_STORE_CTX* store, void* self) {
    const auto& tls = *static_cast<const ServerTls*>(self);
    return accept_client(store, tls.client_auth_, tls.allowed_names_) ? 1 : 0;
  };
  SSL_CTX_set_cert_verify_callback(context_, judge, this);
  if (!config.client_ca_directory.empty() &&
      X509_STORE_load_path(SSL_CTX_get_cert_store(context_), config.client_ca_directory.c_str()) != 1) {
    throw ConfigError(fmt::format("TLS: the directory of client authorities {} cannot be used: {}",
                                  printable(config.client_ca_directory), openssl_words()));
  }
  if (!config.client_ca.is_given()) return;
  for (const Certificate& one : certificates_of(config.client_ca, pem.client_ca)) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), one.get()) != 1 ||
        SSL_CTX_add_client_CA(context_, one.get()) != 1) {
      refuse(config.client_ca, openssl_words());
    }
  }
}

std::string openssl_words() {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  if (error == 0) return "OpenSSL does not say why";
  const char* reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : fmt::format("OpenSSL error {:#x}", error);
}

}  // namespace weir
