#include "watch/url_source.h"

#include <fmt/core.h>

#include <filesystem>
#include <mutex>
#include <system_error>
#include <utility>

#include "model/printable.h"
#include "watch/curl_library.h"
#include "watch/exposition_text.h"
#include "watch/http_get.h"
#include "watch/url_advice.h"
#include "weir/error.h"

namespace weir {
namespace {

constexpr std::size_t kMostOfAFaultsBody = 4096;

struct CurlDeleter {
  void operator()(CURLU* url) const { curl_library().url_cleanup(url); }
};

std::string part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_library().url_get(url, part, &text, 0) != CURLUE_OK) return "";
  std::string out = text;
  curl_library().free(text);
  return out;
}

std::string with_advice(std::string said, const UrlOutcome& outcome) {
  const std::string advice = url_advice(outcome);
  return advice.empty() ? std::move(said) : fmt::format("{}; {}", said, advice);
}

/// The host. Throws ConfigError for what cannot be asked.
std::string checked_host(const std::string& url) {
  const std::unique_ptr<CURLU, CurlDeleter> parsed(curl_library().url());
  const CURLUcode code = curl_library().url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0);
  const std::string scheme = part_of(parsed.get(), CURLUPART_SCHEME);
  // The message names no URL that may hold a password.
  if (!part_of(parsed.get(), CURLUPART_PASSWORD).empty() || (code != CURLUE_OK && url.find('@') != std::string::npos)) {
    throw ConfigError(
        "--url: a password in an argument can be seen by every user of this host; leave it out of the URL and put it "
        "into ~/.netrc (machine HOST login USER password PASSWORD)");
  }
  if (code != CURLUE_OK || (scheme != "http" && scheme != "https")) {
    throw ConfigError(
        fmt::format("--url {}: write http://HOST:PORT/metrics or https://HOST:PORT/metrics", printable(url)));
  }
  return part_of(parsed.get(), CURLUPART_HOST);
}

/// libcurl would wait at a FIFO for somebody who writes. What is not there, it names itself.
void check_ca_file(const std::string& file) {
  std::error_code unknown;
  if (!std::filesystem::exists(file, unknown) || std::filesystem::is_regular_file(file, unknown)) return;
  throw ConfigError(fmt::format("SSL_CERT_FILE={}: it is no regular file; it must hold certificates to trust, in PEM",
                                printable(file)));
}

class UrlSource final : public Source {
 public:
  explicit UrlSource(UrlOptions options)
      : options_(std::move(options)),
        host_(checked_host(options_.url)),
        get_(options_, "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.7,*/*;q=0.1") {}

  std::shared_ptr<const Collection> collect() override {
    const std::lock_guard lock(mutex_);
    HttpAnswer answer = get_(options_.url);
    if (answer.is_too_large) return failed("too_large", answer.fault);
    const bool is_page = answer.status == 200 && is_web_page(answer.body);
    if (answer.status == 200 && !is_page) return parse_exposition(answer.body, options_.url);
    UrlOutcome outcome{.code = answer.code,
                       .verified = answer.verified,
                       .said = answer.fault,
                       .status = answer.status,
                       .body = answer.body.substr(0, kMostOfAFaultsBody),
                       .host = host_,
                       .ca_file = options_.ca_file};
    if (answer.status == 0) return failed("unreachable", with_advice(answer.fault, outcome));
    if (is_page) return failed("web_page", with_advice("answered a web page, not metrics", outcome));
    return failed("http_status", with_advice(fmt::format("answered {}, not 200", answer.status), outcome));
  }
  std::string describe() const override { return options_.url; }

 private:
  std::shared_ptr<const Collection> failed(const char* reason, const std::string& why) const {
    auto collection = std::make_shared<Collection>();
    collection->problems.push_back({reason, options_.url, fmt::format("{}: {}", options_.url, why)});
    return collection;
  }

  const UrlOptions options_;
  const std::string host_;
  std::mutex mutex_;  // over get_, which does one transfer at a time
  HttpGet get_;
};

}  // namespace

std::unique_ptr<Source> url_source(UrlOptions options) {
  check_ca_file(options.ca_file);
  return std::make_unique<UrlSource>(std::move(options));
}

}  // namespace weir
