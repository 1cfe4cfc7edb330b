// The web configuration file as a text: what it says, and what is said of what it must not say.
#include "web_config/web_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weir/error.h"

namespace weir {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

constexpr const char* kPath = "/etc/weir/web.yml";
constexpr const char* kPair = "  cert_file: a.crt\n  key_file: a.key\n";
constexpr const char* kHash = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";

WebConfig config_of(const std::string& text) { return parse_web_config(text, kPath); }

TlsServerConfig tls_in(const std::string& text) { return config_of(text).tls.value_or(TlsServerConfig{}); }

TlsServerConfig tls_of(const std::string& lines) { return tls_in(std::string("tls_server_config:\n") + kPair + lines); }

std::string refusal_of(const std::string& text) {
  try {
    config_of(text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

std::string tls_refusal_of(const std::string& lines) {
  return refusal_of(std::string("tls_server_config:\n") + kPair + lines);
}

TEST(WebConfig, NothingIsPlainHttpForEverybody) {
  for (const char* text : {"", "# a comment alone\n", "---\n", "tls_server_config:\nbasic_auth_users:\n"}) {
    EXPECT_FALSE(config_of(text).tls) << text;
    EXPECT_TRUE(config_of(text).users.empty()) << text;
  }
}

TEST(WebConfig, WhatWouldBePassedOverInSilenceIsRefused) {
  const std::string users = std::string("basic_auth_users: {a: ") + kHash + "}\n";
  EXPECT_THAT(refusal_of("http_server_config: {}\n---\n" + users), HasSubstr("holds 2 documents"));
  EXPECT_THAT(refusal_of("http_server_config: {}\n...\n---\n" + users), HasSubstr("holds 2 documents"));
  EXPECT_THAT(refusal_of(std::string(100, '\0') + "\n" + users), HasSubstr("NUL"));
  EXPECT_THAT(config_of("---\n" + users + "...\n").users, testing::SizeIs(1));
}

TEST(WebConfig, FilesAreRelativeToTheConfigurationsFolder) {
  const TlsServerConfig tls = tls_of("");
  EXPECT_EQ(tls.certificate.file, "/etc/weir/a.crt");
  EXPECT_EQ(tls.key.file, "/etc/weir/a.key");
  EXPECT_EQ(tls_in("tls_server_config: {cert_file: /x/a.crt, key_file: b.key}").certificate.file, "/x/a.crt");
}

TEST(WebConfig, DefaultsAreTls12AndNoClientCertificates) {
  const TlsServerConfig tls = tls_of("");
  EXPECT_EQ(tls.min_version, TlsVersion::tls_1_2);
  EXPECT_EQ(tls.max_version, TlsVersion::tls_1_3);
  EXPECT_EQ(tls.client_auth, ClientAuth::none);
  EXPECT_TRUE(tls.prefer_server_cipher_suites);
}

TEST(WebConfig, EveryClientAuthTypeHasItsMeaning) {
  const auto mode = [](const std::string& name) {
    const bool verifies = name.find("Verify") != std::string::npos;
    return tls_of("  client_auth_type: " + name + "\n" + (verifies ? "  client_ca_file: ca.crt\n" : "")).client_auth;
  };
  EXPECT_EQ(mode("NoClientCert"), ClientAuth::none);
  EXPECT_EQ(mode("RequestClientCert"), ClientAuth::request);
  EXPECT_EQ(mode("RequireAnyClientCert"), ClientAuth::require_any);
  EXPECT_EQ(mode("RequireClientCert"), ClientAuth::require_any);
  EXPECT_EQ(mode("VerifyClientCertIfGiven"), ClientAuth::verify_if_given);
  EXPECT_EQ(mode("RequireAndVerifyClientCert"), ClientAuth::require_and_verify);
}

TEST(WebConfig, ListsAreTakenInTheirOrder) {
  const TlsServerConfig tls = tls_of(
      "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n"
      "  client_allowed_sans: [scraper.example.org, 10.0.0.7]\n"
      "  cipher_suites:\n  - TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384\n  - TLS_AES_128_GCM_SHA256\n"
      "  curve_preferences: [CurveP384, X25519]\n");
  EXPECT_THAT(tls.client_allowed_sans, ElementsAre("scraper.example.org", "10.0.0.7"));
  EXPECT_THAT(tls.cipher_suites, ElementsAre("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"));
  EXPECT_THAT(tls.curves, ElementsAre("P-384", "X25519"));
}

TEST(WebConfig, CertificatesMayStandInIt) {
  const TlsServerConfig tls = tls_in("tls_server_config:\n  cert: |\n    -----BEGIN\n  key: K\n");
  EXPECT_EQ(tls.certificate.inline_text, "-----BEGIN\n");
  EXPECT_EQ(tls.key.inline_text, "K");
}

TEST(WebConfig, UsersAndHeadersAreTaken) {
  const WebConfig config = config_of(std::string("basic_auth_users:\n  prom: ") + kHash +
                                     "\nhttp_server_config:\n  http2: false\n  headers:\n    X-Frame-Options: deny\n"
                                     "    Strict-Transport-Security:\n");
  EXPECT_THAT(config.users, ElementsAre(Pair("prom", kHash)));
  EXPECT_THAT(config.headers, ElementsAre(Pair("X-Frame-Options", "deny")));  // blank is unset
  EXPECT_FALSE(config.wants_http2);
}

TEST(WebConfig, RefusalNamesFileLineKeyValueAndWhatIsRight) {
  EXPECT_EQ(
      tls_refusal_of("  min_version: TLS10\n"),
      "web config file \"/etc/weir/web.yml\", line 4: tls_server_config.min_version is \"TLS10\"; it must be TLS12 "
      "or TLS13 (older ones are broken, RFC 8996)");
}

TEST(WebConfig, UnknownKeysAreRefusedWithThoseThereAre) {
  EXPECT_THAT(refusal_of("\ntls_config: {}\n"),
              AllOf(HasSubstr("line 2: the file has the unknown key \"tls_config\""), HasSubstr("tls_server_config")));
  EXPECT_THAT(tls_refusal_of("  certfile: x\n"),
              AllOf(HasSubstr("line 4: tls_server_config has the unknown key \"certfile\""), HasSubstr("cert_file")));
  EXPECT_THAT(refusal_of("http_server_config: {http3: true}"),
              HasSubstr("unknown key \"http3\"; there are http2, headers"));
  EXPECT_THAT(refusal_of("http_server_config: {headers: {Server: x}}"),
              HasSubstr("headers.Server is a header that cannot be set"));
}

TEST(WebConfig, KeysStandOnce) {
  EXPECT_THAT(tls_refusal_of("  key_file: b.key\n"),
              HasSubstr("line 4: tls_server_config.key_file stands here a second time"));
  EXPECT_THAT(tls_refusal_of("  key: K\n"),
              HasSubstr("key and tls_server_config.key_file both stand there; write one"));
}

TEST(WebConfig, WrongValuesSayWhatIsRight) {
  EXPECT_THAT(tls_refusal_of("  max_version: 1.3\n"), HasSubstr("is \"1.3\"; it must be TLS12 or TLS13"));
  EXPECT_THAT(tls_refusal_of("  client_auth_type: Require\n"), HasSubstr("is \"Require\"; it must be NoClientCert, "));
  EXPECT_THAT(tls_refusal_of("  prefer_server_cipher_suites: maybe\n"),
              HasSubstr("is \"maybe\"; it must be true or false"));
  EXPECT_THAT(tls_refusal_of("  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]\n"),
              AllOf(HasSubstr("has \"TLS_RSA_WITH_RC4_128_SHA\"; there are TLS_AES_128_GCM_SHA256")));
  EXPECT_THAT(tls_refusal_of("  curve_preferences: [P256]\n"), HasSubstr("has \"P256\"; there are X25519, CurveP256"));
  EXPECT_THAT(tls_refusal_of("  cipher_suites: TLS_AES_128_GCM_SHA256\n"),
              HasSubstr("is a single value; it must be a list"));
  EXPECT_THAT(refusal_of("tls_server_config: [a]"), HasSubstr("is a list; it must be a mapping"));
  EXPECT_THAT(refusal_of("http_server_config: {headers: {X-Frame-Options: allow}}"),
              HasSubstr("is \"allow\"; it must be deny or sameorigin"));
  EXPECT_THAT(refusal_of("http_server_config: {headers: {X-XSS-Protection: \"a\\r\\nSet-Cookie: b\"}}"),
              HasSubstr("holds a line break or control character"));
  EXPECT_THAT(refusal_of("basic_auth_users: {\"a:b\": x}"), HasSubstr("has a colon"));
}

TEST(WebConfig, HalfASectionIsRefused) {
  EXPECT_THAT(refusal_of("tls_server_config: {cert_file: a}"), HasSubstr("has no key_file"));
  EXPECT_THAT(refusal_of("tls_server_config: {key_file: a}"), HasSubstr("has no cert_file"));
  EXPECT_THAT(tls_refusal_of("  min_version: TLS13\n  max_version: TLS12\n"), HasSubstr("max_version TLS12 below"));
}

TEST(WebConfig, ClientAuthenticationThatKeepsNobodyOutIsRefused) {
  EXPECT_THAT(tls_refusal_of("  client_auth_type: RequireAndVerifyClientCert\n"), HasSubstr("has no client_ca_file"));
  EXPECT_THAT(tls_refusal_of("  client_ca_file: ca.crt\n"), HasSubstr("has a client_ca_file that nothing uses"));
  EXPECT_THAT(
      tls_refusal_of("  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: c\n  client_allowed_sans: [a]\n"),
      HasSubstr("clients may come without a certificate"));
}

TEST(WebConfig, BadHashIsNamedWithoutShowingIt) {
  const std::string secret = "hunter2-in-plain";
  const std::string said = refusal_of("basic_auth_users:\n  ada: x\n  bob: " + secret + "\n");
  EXPECT_THAT(said, AllOf(HasSubstr("line 2: basic_auth_users.ada is no bcrypt hash"), Not(HasSubstr(secret))));
  EXPECT_THAT(refusal_of(std::string("basic_auth_users: {ada: \"") + kHash + "x\"}"),
              AllOf(HasSubstr("is a hash of 61 characters"), Not(HasSubstr("QOauhQ"))));
  EXPECT_THAT(refusal_of("basic_auth_users: {ada: $2y$31$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi}"),
              HasSubstr("of cost 31; it must be from 4 to 14"));
}

TEST(WebConfig, WhatIsNoYamlNamesItsLine) {
  EXPECT_THAT(refusal_of("a: b\n  c: [\n"), AllOf(HasSubstr("\"/etc/weir/web.yml\", line 2"), HasSubstr("not YAML")));
  EXPECT_THAT(refusal_of(std::string(100000, '[')), HasSubstr("not YAML"));
  EXPECT_THAT(refusal_of(std::string("a\0\n b: c\n", 9)), Not(HasSubstr("\n")));  // its own words hold the byte
  EXPECT_THAT(refusal_of("tls_server_config: &a {<<: *a}"), Not(HasSubstr("accepted")));
}

}  // namespace
}  // namespace weir
