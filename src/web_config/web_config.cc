#include "web_config/web_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>

#include "model/printable.h"
#include "web_config/bcrypt.h"
#include "web_config/tls_names.h"
#include "web_config/yaml_mapping.h"
#include "weir/error.h"

namespace weir {
namespace {

constexpr std::size_t kMaxUsers = 1000;
constexpr std::size_t kMaxHeaderBytes = 1024;

/// The headers there are, and the values of those that have few; as in the toolkit.
struct KnownHeader {
  std::string_view name;
  std::span<const std::string_view> values;  ///< empty: any
};
constexpr std::array<std::string_view, 1> kContentTypeOptions{"nosniff"};
constexpr std::array<std::string_view, 2> kFrameOptions{"deny", "sameorigin"};
constexpr std::array<KnownHeader, 5> kKnownHeaders{{{"Content-Security-Policy", {}},
                                                    {"Strict-Transport-Security", {}},
                                                    {"X-Content-Type-Options", kContentTypeOptions},
                                                    {"X-Frame-Options", kFrameOptions},
                                                    {"X-XSS-Protection", {}}}};

/// `value` as one of the names of a table; else a message with all of them.
template <class Value, std::size_t Size>
Value named(const YamlPlace& at, std::string_view value,
            const std::array<std::pair<std::string_view, Value>, Size>& all, std::string_view shown) {
  const auto found = std::ranges::find(all, value, [](const auto& one) { return one.first; });
  if (found == all.end()) at.refuse(fmt::format("is {}; it must be {}", printable(value), shown));
  return found->second;
}

ClientAuth client_auth(const YamlPlace& at, const YAML::Node& node) {
  static constexpr std::array<std::pair<std::string_view, ClientAuth>, 6> kModes{
      {{"NoClientCert", ClientAuth::none},
       {"RequestClientCert", ClientAuth::request},
       {"RequireAnyClientCert", ClientAuth::require_any},
       {"RequireClientCert", ClientAuth::require_any},  // the toolkit's older word
       {"VerifyClientCertIfGiven", ClientAuth::verify_if_given},
       {"RequireAndVerifyClientCert", ClientAuth::require_and_verify}}};
  return named(at, read_text(at, node), kModes,
               "NoClientCert, RequestClientCert, RequireAnyClientCert, VerifyClientCertIfGiven or "
               "RequireAndVerifyClientCert");
}

TlsVersion tls_version(const YamlPlace& at, const YAML::Node& node) {
  static constexpr std::array<std::pair<std::string_view, TlsVersion>, 2> kVersions{
      {{"TLS12", TlsVersion::tls_1_2}, {"TLS13", TlsVersion::tls_1_3}}};
  return named(at, read_text(at, node), kVersions, "TLS12 or TLS13 (older ones are broken, RFC 8996)");
}

/// Handlers of `KEY_file` and `KEY`, which say the same in two ways.
void add_pem(YamlHandlers& handlers, std::string_view file_key, std::string_view text_key, PemPlace& into) {
  const auto place_of = [&into](const YamlPlace& at) {
    if (into.is_given()) at.refuse(fmt::format("and {} both stand there; write one", into.key));
    into.line = at.line;
    into.key = at.key;
  };
  handlers.emplace_back(file_key, [&into, place_of](const YamlPlace& at, const YAML::Node& node) {
    place_of(at);
    const std::filesystem::path named = read_text(at, node);
    if (named.empty()) return;
    into.file = (std::filesystem::path(at.file).parent_path() / named).string();
  });
  handlers.emplace_back(text_key, [&into, place_of](const YamlPlace& at, const YAML::Node& node) {
    place_of(at);
    into.inline_text = read_text(at, node);
  });
}

void add_lists(YamlHandlers& handlers, TlsServerConfig& tls) {
  handlers.emplace_back("client_allowed_sans", [&tls](const YamlPlace& at, const YAML::Node& node) {
    read_list(at, node, [&tls](const YamlPlace& place, const std::string& name) {
      if (name.empty()) place.refuse("has an empty name; write a DNS name, IP address, e-mail address or URI");
      tls.client_allowed_sans.push_back(name);
    });
  });
  handlers.emplace_back("cipher_suites", [&tls](const YamlPlace& at, const YAML::Node& node) {
    read_list(at, node, [&tls](const YamlPlace& place, const std::string& name) {
      if (!is_cipher_suite(name)) {
        place.refuse(fmt::format("has {}; there are {}", printable(name), cipher_suite_names()));
      }
      tls.cipher_suites.push_back(name);
    });
  });
  handlers.emplace_back("curve_preferences", [&tls](const YamlPlace& at, const YAML::Node& node) {
    read_list(at, node, [&tls](const YamlPlace& place, const std::string& name) {
      const std::string_view curve = openssl_curve(name);
      if (curve.empty()) place.refuse(fmt::format("has {}; there are {}", printable(name), curve_names()));
      if (std::ranges::find(tls.curves, curve) != tls.curves.end()) {
        place.refuse(fmt::format("has {} a second time; write it once", printable(name)));
      }
      tls.curves.emplace_back(curve);
    });
  });
}

/// What only the whole section shows.
void check_tls(const YamlPlace& at, const TlsServerConfig& tls) {
  if (!tls.certificate.is_given()) at.refuse("has no cert_file; it must name the server's certificate");
  if (!tls.key.is_given()) at.refuse("has no key_file; it must name the key of the server's certificate");
  if (tls.max_version < tls.min_version) at.refuse("has max_version TLS12 below min_version TLS13; swap them");
  if (verifies(tls.client_auth) && !tls.client_ca.is_given()) {
    at.refuse("has no client_ca_file; the client_auth_type it has verifies clients against one");
  }
  if (tls.client_auth == ClientAuth::none && tls.client_ca.is_given()) {
    at.refuse("has a client_ca_file that nothing uses; write client_auth_type: RequireAndVerifyClientCert too");
  }
  const bool is_required =
      tls.client_auth == ClientAuth::require_any || tls.client_auth == ClientAuth::require_and_verify;
  if (!tls.client_allowed_sans.empty() && !is_required) {
    at.refuse(
        "has client_allowed_sans, but clients may come without a certificate; write client_auth_type: "
        "RequireAndVerifyClientCert too");
  }
}

TlsServerConfig tls_server_config(const YamlPlace& at, const YAML::Node& node) {
  TlsServerConfig tls;
  YamlHandlers handlers;
  add_pem(handlers, "cert_file", "cert", tls.certificate);
  add_pem(handlers, "key_file", "key", tls.key);
  add_pem(handlers, "client_ca_file", "client_ca", tls.client_ca);
  add_lists(handlers, tls);
  handlers.emplace_back("client_auth_type", [&](const YamlPlace& place, const YAML::Node& value) {
    tls.client_auth = client_auth(place, value);
  });
  handlers.emplace_back("min_version", [&](const YamlPlace& place, const YAML::Node& value) {
    tls.min_version = tls_version(place, value);
  });
  handlers.emplace_back("max_version", [&](const YamlPlace& place, const YAML::Node& value) {
    tls.max_version = tls_version(place, value);
  });
  handlers.emplace_back("prefer_server_cipher_suites", [&](const YamlPlace& place, const YAML::Node& value) {
    tls.prefer_server_cipher_suites = read_flag(place, value);
  });
  read_mapping(at, node, handlers);
  check_tls(at, tls);
  return tls;
}

void read_header(const YamlPlace& at, std::string_view name, const YAML::Node& node, WebConfig& config) {
  const auto* const known = std::ranges::find(kKnownHeaders, name, &KnownHeader::name);
  if (known == kKnownHeaders.end()) {
    std::string names;
    for (const KnownHeader& one : kKnownHeaders) names += fmt::format("{}{}", names.empty() ? "" : ", ", one.name);
    at.refuse(fmt::format("is a header that cannot be set; there are {}", names));
  }
  const std::string value = node.IsNull() ? "" : read_text(at, node);
  if (value.empty()) return;  // as in the toolkit: blank is unset
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; };
  if (std::ranges::any_of(value, is_control))
    at.refuse("holds a line break or control character; write it in one line");
  if (value.size() > kMaxHeaderBytes) at.refuse(fmt::format("is longer than {} bytes", kMaxHeaderBytes));
  if (!known->values.empty() && std::ranges::find(known->values, value) == known->values.end()) {
    at.refuse(fmt::format("is {}; it must be {}", printable(value), fmt::join(known->values, " or ")));
  }
  config.headers.emplace_back(name, value);
}

void read_http_server_config(const YamlPlace& at, const YAML::Node& node, WebConfig& config) {
  read_mapping(at, node,
               {{"http2", [&](const YamlPlace& place,
                              const YAML::Node& value) { config.wants_http2 = read_flag(place, value); }},
                {"headers", [&](const YamlPlace& place, const YAML::Node& value) {
                   read_entries(place, value, [&](const YamlPlace& header, const YAML::Node& text) {
                     read_header(header, std::string_view(header.key).substr(place.key.size() + 1), text, config);
                   });
                 }}});
}

void read_user(const YamlPlace& at, std::string_view name, const YAML::Node& node, WebConfig& config) {
  if (name.empty()) at.refuse("has an empty user name");
  if (name.find(':') != std::string_view::npos)
    at.refuse("has a colon, which no user name of HTTP can have (RFC 7617)");
  if (config.users.size() >= kMaxUsers)
    at.refuse(fmt::format("is user number {}; there may be {}", kMaxUsers + 1, kMaxUsers));
  const std::string hash = node.IsNull() ? "" : read_text(at, node);
  if (const std::string fault = bcrypt_fault(hash); !fault.empty()) at.refuse(fault);
  config.users.emplace(name, hash);
}

}  // namespace

WebConfig parse_web_config(std::string_view text, const std::string& path) {
  WebConfig config;
  const YAML::Node document = parse_yaml(text, path);
  try {
    read_mapping({path, "", 1}, document,
                 {{"tls_server_config",
                   [&](const YamlPlace& at, const YAML::Node& node) { config.tls = tls_server_config(at, node); }},
                  {"http_server_config",
                   [&](const YamlPlace& at, const YAML::Node& node) { read_http_server_config(at, node, config); }},
                  {"basic_auth_users", [&](const YamlPlace& at, const YAML::Node& node) {
                     read_entries(at, node, [&](const YamlPlace& user, const YAML::Node& hash) {
                       read_user(user, std::string_view(user.key).substr(at.key.size() + 1), hash, config);
                     });
                   }}});
  } catch (const YAML::Exception& error) {
    const int line = error.mark.is_null() ? 1 : error.mark.line + 1;
    throw ConfigError(fmt::format("web config file {}, line {}: {}", printable(path), line, printable(error.msg)));
  }
  return config;
}

}  // namespace weir
