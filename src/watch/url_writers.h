// The writers behind a URL: what the JSON API of `weir serve` beside its /metrics says of them.
//
//   std::unique_ptr<WriterView> writers = url_writers({.url = "http://127.0.0.1:9091/metrics"});
//
// The API is looked for where the page looks for it: `api/v1/…` relative to the URL, through the same proxies, with the
// same authorities and password. Another exporter has none: writers() then throws WritersNotTold, and the server is
// left alone for a minute.
//
// Thread safety: as WriterView. Process safety: a forked child makes a new one. Invariants: I4.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "watch/url_source.h"
#include "weir/error.h"
#include "weir/writers.h"

namespace weir {

/// Nobody can say there who counted; nothing is wrong.
class WritersNotTold : public Error {
 public:
  using Error::Error;
};

/// The URL must have passed url_source(). Asks nothing yet.
std::unique_ptr<WriterView> url_writers(const UrlOptions& options);

/// `http://h:1/a/metrics?x` and `api/v1/status`: `http://h:1/a/api/v1/status`.
std::string beside_url(std::string_view url, std::string_view path);
/// Text as a value of a query.
std::string query_value(std::string_view text);

}  // namespace weir
