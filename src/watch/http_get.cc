#include "watch/http_get.h"

#include <fmt/core.h>

#include <utility>

#include "watch/curl_library.h"
#include "weir/error.h"

namespace weir {

struct HttpGet::Transfer {
  Transfer(const UrlOptions& options, const std::string& accept)
      : most_bytes(options.most_bytes),
        handle(curl.easy_init()),
        headers(curl.slist_append(nullptr, ("Accept: " + accept).c_str())) {}
  ~Transfer() {
    if (handle != nullptr) curl.easy_cleanup(handle);
    if (headers != nullptr) curl.slist_free_all(headers);
  }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  void set_up(const UrlOptions& options) {
    curl.easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    curl.easy_setopt(handle, CURLOPT_USERAGENT, "weir");
    curl.easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl.easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl.easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl.easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
    curl.easy_setopt(handle, CURLOPT_MAXREDIRS, 3L);
    curl.easy_setopt(handle, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_OPTIONAL));
    curl.easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);  // several threads
    curl.easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
    if (!options.ca_file.empty()) curl.easy_setopt(handle, CURLOPT_CAINFO, options.ca_file.c_str());
    curl.easy_setopt(handle, CURLOPT_ERRORBUFFER, error);
    curl.easy_setopt(handle, CURLOPT_WRITEDATA, this);
    curl.easy_setopt(handle, CURLOPT_WRITEFUNCTION, &Transfer::write);
  }

  /// libcurl's callback: anything but `size` back ends the transfer.
  static std::size_t write(char* data, std::size_t, std::size_t size, void* self) noexcept {
    auto* transfer = static_cast<Transfer*>(self);
    transfer->is_too_large = transfer->body.size() + size > transfer->most_bytes;
    if (transfer->is_too_large) return 0;
    transfer->body.append(data, size);
    return size;
  }

  const CurlLibrary& curl = curl_library();
  const std::size_t most_bytes;
  CURL* const handle;
  curl_slist* const headers;
  std::string body;
  bool is_too_large = false;
  char error[CURL_ERROR_SIZE] = "";
};

HttpGet::HttpGet(const UrlOptions& options, const std::string& accept)
    : transfer_(std::make_unique<Transfer>(options, accept)) {
  if (transfer_->handle == nullptr || transfer_->headers == nullptr) {
    throw StorageError("libcurl gives no handle: out of memory");
  }
  transfer_->set_up(options);
}

HttpGet::~HttpGet() = default;

HttpAnswer HttpGet::operator()(const std::string& url) {
  Transfer& transfer = *transfer_;
  transfer.body.clear();
  transfer.is_too_large = false;
  transfer.error[0] = '\0';
  transfer.curl.easy_setopt(transfer.handle, CURLOPT_URL, url.c_str());
  const CURLcode code = transfer.curl.easy_perform(transfer.handle);
  HttpAnswer answer;
  answer.code = code;
  answer.is_too_large = transfer.is_too_large;
  if (transfer.is_too_large) {
    answer.fault = fmt::format("the answer has more than {} bytes", transfer.most_bytes);
  } else if (code != CURLE_OK) {
    answer.fault = transfer.error[0] != '\0' ? transfer.error : transfer.curl.easy_strerror(code);
    transfer.curl.easy_getinfo(transfer.handle, CURLINFO_SSL_VERIFYRESULT, &answer.verified);
  } else {
    transfer.curl.easy_getinfo(transfer.handle, CURLINFO_RESPONSE_CODE, &answer.status);
    answer.body = std::move(transfer.body);
  }
  return answer;
}

}  // namespace weir
