// Documents of one HTTP server, asked for with GET: over HTTP or HTTPS, with what the environment says of proxies and a
// password from ~/.netrc.
//
//   HttpGet get({.url = "http://127.0.0.1:9091/metrics"}, "application/json");
//   HttpAnswer answer = get("http://127.0.0.1:9091/api/v1/status");
//   if (answer.status == 200) use(answer.body);
//
// Thread safety: none of its own; one thread at a time. Process safety: a forked child makes a new one. Invariants: I4.
#pragma once

#include <memory>
#include <string>

#include "watch/url_source.h"

namespace weir {

struct HttpAnswer {
  long status = 0;            ///< 0: there is no answer, `fault` says why
  std::string body;           ///< at most UrlOptions::most_bytes
  std::string fault;          ///< empty: there was an answer
  bool is_too_large = false;  ///< the fault is that
  int code = 0;               ///< CURLcode
  long verified = 0;          ///< CURLINFO_SSL_VERIFYRESULT: OpenSSL's X509_V_ERR_…
};

class HttpGet {
 public:
  /// Of `options` all but the URL counts. `accept`: the types that are understood.
  HttpGet(const UrlOptions& options, const std::string& accept);
  ~HttpGet();
  HttpGet(const HttpGet&) = delete;
  HttpGet& operator=(const HttpGet&) = delete;

  HttpAnswer operator()(const std::string& url);

 private:
  struct Transfer;
  std::unique_ptr<Transfer> transfer_;
};

}  // namespace weir
