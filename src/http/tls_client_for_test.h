// A TLS client for the tests of this room, and a certificate made for it.
//
//   TlsClient client(exposer.port());
//   client.write("GET /metrics HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
//   EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 200"));
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "http/http_client_for_test.h"

namespace weir::test {

/// A key and a certificate it signed itself, in a folder that goes with it.
class SelfSigned {
 public:
  SelfSigned() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-tls-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    renew(1);
  }
  ~SelfSigned() { std::filesystem::remove_all(folder_); }
  SelfSigned(const SelfSigned&) = delete;
  SelfSigned& operator=(const SelfSigned&) = delete;

  std::string certificate() const { return folder_ / "own.crt"; }
  std::string key() const { return folder_ / "own.key"; }
  std::string file(const char* name) const { return folder_ / name; }

  /// Another key and certificate take the files.
  void renew(long serial) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pair(EVP_EC_gen("P-256"), &EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), &X509_free);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    X509_set_pubkey(made.get(), pair.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("weir"), -1, -1, 0);
    X509_set_issuer_name(made.get(), X509_get_subject_name(made.get()));
    X509_sign(made.get(), pair.get(), EVP_sha256());
    write_file(key(),
               [&](std::FILE* to) { PEM_write_PrivateKey(to, pair.get(), nullptr, nullptr, 0, nullptr, nullptr); });
    write_file(certificate(), [&](std::FILE* to) { PEM_write_X509(to, made.get()); });
  }

 private:
  template <class Write>
  static void write_file(const std::string& path, Write write) {
    std::FILE* to = std::fopen(path.c_str(), "w");
    write(to);
    std::fclose(to);
  }
  std::filesystem::path folder_;
};

/// Verifies nothing; each call waits, at most 20 s.
class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port)
      : socket_(port),
        context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free),
        ssl_(SSL_new(context_.get()), &SSL_free) {
    SSL_set_fd(ssl_.get(), socket_.fd());
    is_open_ = SSL_connect(ssl_.get()) == 1;
  }

  bool is_open() const { return is_open_; }
  long serial() const {
    const std::unique_ptr<X509, decltype(&X509_free)> shown(SSL_get1_peer_certificate(ssl_.get()), &X509_free);
    return shown == nullptr ? -1 : ASN1_INTEGER_get(X509_get0_serialNumber(shown.get()));
  }
  bool write(std::string_view bytes) const {
    return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) == static_cast<int>(bytes.size());
  }
  /// A record that asks for nothing and holds no data (TLS 1.3).
  bool update_key() const {
    return SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1 && SSL_do_handshake(ssl_.get()) == 1;
  }
  /// Waits for the first bytes; reads none.
  bool is_answered() { return socket_.is_answered(); }
  std::string read_all() const {
    std::string all;
    std::array<char, 16384> some{};
    for (int got = 0; (got = SSL_read(ssl_.get(), some.data(), static_cast<int>(some.size()))) > 0;) {
      all.append(some.data(), static_cast<std::size_t>(got));
    }
    return all;
  }

 private:
  Client socket_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  bool is_open_ = false;
};

}  // namespace weir::test
