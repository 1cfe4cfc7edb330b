#include "web_config/web_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>

#include "model/printable.h"
#include "weir/error.h"

namespace weir {
namespace {

constexpr std::size_t kMaxFileBytes = 1024 * 1024;

/// SHA-256 of texts and of where each ends.
class WebDigest {
 public:
  WebDigest() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }
  void add(const std::string& text) {
    const std::string size = std::to_string(text.size()) + ":";
    EVP_DigestUpdate(context_.get(), size.data(), size.size());
    EVP_DigestUpdate(context_.get(), text.data(), text.size());
  }
  std::string bytes() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), out.data(), &size);
    return {reinterpret_cast<const char*>(out.data()), size};
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

std::string read_whole(const std::string& path, std::string_view named_by) {
  const auto refuse = [&](std::string_view why) {
    throw ConfigError(fmt::format("{} {} cannot be read: {}", named_by, printable(path), why));
  };
  // Not blocking: a FIFO by mistake must not hang the start.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) refuse(std::generic_category().message(errno));
  const std::unique_ptr<const int, void (*)(const int*)> closed(&fd, [](const int* open_fd) { close(*open_fd); });
  struct stat about {};
  if (fstat(fd, &about) != 0) refuse(std::generic_category().message(errno));
  if (!S_ISREG(about.st_mode)) refuse("it is no regular file");
  std::string text(kMaxFileBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuse(std::generic_category().message(errno));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kMaxFileBytes) refuse("it is larger than 1 MiB");
  text.resize(size);
  text.shrink_to_fit();
  return text;
}

PemPlace pem_file(const char* variable, const std::string& file) { return {file, "", 0, variable}; }

/// What the variables of prometheus_client say.
WebConfig config_of_files(const WebSource& source) {
  WebConfig config;
  if (source.certificate_file.empty() && source.key_file.empty() && source.client_ca_file.empty() &&
      source.client_ca_directory.empty() && !source.client_certificate_required) {
    return config;
  }
  if (source.certificate_file.empty() || source.key_file.empty()) {
    throw ConfigError(
        fmt::format("TLS: {} is not set; a certificate and its key are needed, PROMETHEUS_SSL_CERTFILE and "
                    "PROMETHEUS_SSL_KEYFILE",
                    source.certificate_file.empty() ? "PROMETHEUS_SSL_CERTFILE" : "PROMETHEUS_SSL_KEYFILE"));
  }
  TlsServerConfig tls;
  tls.certificate = pem_file("PROMETHEUS_SSL_CERTFILE", source.certificate_file);
  tls.key = pem_file("PROMETHEUS_SSL_KEYFILE", source.key_file);
  if (!source.client_ca_file.empty()) tls.client_ca = pem_file("PROMETHEUS_SSL_CLIENT_CAFILE", source.client_ca_file);
  tls.client_ca_directory = source.client_ca_directory;
  std::error_code unknown;
  if (!tls.client_ca_directory.empty() && !std::filesystem::is_directory(tls.client_ca_directory, unknown)) {
    throw ConfigError(
        fmt::format("PROMETHEUS_SSL_CLIENT_CAPATH={}: it is no directory; it must be one of certificates named by hash "
                    "(openssl rehash)",
                    printable(tls.client_ca_directory)));
  }
  const bool has_authority = tls.client_ca.is_given() || !tls.client_ca_directory.empty();
  if (source.client_certificate_required && !has_authority) {
    throw ConfigError(
        "TLS: PROMETHEUS_SSL_CLIENT_AUTH_REQUIRED is set without PROMETHEUS_SSL_CLIENT_CAFILE or "
        "PROMETHEUS_SSL_CLIENT_CAPATH; it must name the authority of the clients' certificates");
  }
  if (has_authority) {
    tls.client_auth = source.client_certificate_required ? ClientAuth::require_and_verify : ClientAuth::verify_if_given;
  }
  config.tls = tls;
  return config;
}

}  // namespace

WebFiles read_web_files(const WebSource& source, std::string* digest) {
  WebFiles files;
  WebDigest all;
  try {
    if (source.config_file.empty()) {
      files.config = config_of_files(source);
    } else {
      const std::string text = read_whole(source.config_file, "web config file");
      all.add(text);
      files.config = parse_web_config(text, source.config_file);
    }
    if (files.config.tls) {
      const auto pem = [&all](const PemPlace& place) {
        std::string text = place.file.empty() ? place.inline_text : read_whole(place.file, place.key);
        all.add(text);
        return text;
      };
      files.pem.certificate = pem(files.config.tls->certificate);
      files.pem.key = pem(files.config.tls->key);
      files.pem.client_ca = pem(files.config.tls->client_ca);
    }
  } catch (const ConfigError& error) {
    all.add(error.what());
    if (digest != nullptr) *digest = all.bytes();
    throw;
  }
  files.digest = all.bytes();
  if (digest != nullptr) *digest = files.digest;
  return files;
}

}  // namespace weir
