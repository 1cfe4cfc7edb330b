#include "watch/url_source.h"

#include <fmt/core.h>

#include <mutex>
#include <utility>

#include "model/printable.h"
#include "watch/curl_library.h"
#include "watch/exposition_text.h"
#include "watch/url_advice.h"
#include "weir/error.h"

namespace weir {
namespace {

constexpr std::size_t kMostOfAFaultsBody = 4096;

struct CurlDeleter {
  void operator()(CURL* curl) const { curl_library().easy_cleanup(curl); }
  void operator()(CURLU* url) const { curl_library().url_cleanup(url); }
  void operator()(curl_slist* list) const { curl_library().slist_free_all(list); }
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

class UrlSource final : public Source {
 public:
  explicit UrlSource(UrlOptions options) : options_(std::move(options)), host_(checked_host(options_.url)) {
    curl_.reset(curl_library().easy_init());
    headers_.reset(curl_library().slist_append(nullptr,
                                               "Accept: application/openmetrics-text;version=1.0.0;q=0.8,"
                                               "text/plain;version=0.0.4;q=0.7,*/*;q=0.1"));
    if (curl_ == nullptr || headers_ == nullptr) throw StorageError("libcurl gives no handle: out of memory");
    set_up();
  }

  std::shared_ptr<const Collection> collect() override {
    const std::lock_guard lock(mutex_);
    body_.clear();
    is_too_large_ = false;
    error_[0] = '\0';
    const CURLcode code = curl_library().easy_perform(curl_.get());
    if (is_too_large_)
      return failed("too_large", fmt::format("the answer has more than {} bytes", options_.most_bytes));
    UrlOutcome outcome{.code = code, .host = host_, .ca_file = options_.ca_file};
    if (code != CURLE_OK) {
      outcome.said = error_[0] != '\0' ? error_ : curl_library().easy_strerror(code);
      curl_library().easy_getinfo(curl_.get(), CURLINFO_SSL_VERIFYRESULT, &outcome.verified);
      return failed("unreachable", with_advice(outcome.said, outcome));
    }
    curl_library().easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &outcome.status);
    if (outcome.status == 200) return parse_exposition(body_, options_.url);
    outcome.body = body_.substr(0, kMostOfAFaultsBody);
    return failed("http_status", with_advice(fmt::format("answered {}, not 200", outcome.status), outcome));
  }
  std::string describe() const override { return options_.url; }

 private:
  void set_up() {
    CURL* curl = curl_.get();
    curl_library().easy_setopt(curl, CURLOPT_URL, options_.url.c_str());
    curl_library().easy_setopt(curl, CURLOPT_HTTPHEADER, headers_.get());
    curl_library().easy_setopt(curl, CURLOPT_USERAGENT, "weir");
    curl_library().easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_library().easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_library().easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_library().easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_library().easy_setopt(curl, CURLOPT_MAXREDIRS, 3L);
    curl_library().easy_setopt(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_OPTIONAL));
    curl_library().easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);  // several threads
    curl_library().easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout.count()));
    if (!options_.ca_file.empty()) curl_library().easy_setopt(curl, CURLOPT_CAINFO, options_.ca_file.c_str());
    curl_library().easy_setopt(curl, CURLOPT_ERRORBUFFER, error_);
    curl_library().easy_setopt(curl, CURLOPT_WRITEDATA, this);
    curl_library().easy_setopt(curl, CURLOPT_WRITEFUNCTION, &UrlSource::write);
  }

  /// libcurl's callback: anything but `size` back ends the transfer.
  static std::size_t write(char* data, std::size_t, std::size_t size, void* self) noexcept {
    auto* source = static_cast<UrlSource*>(self);
    source->is_too_large_ = source->body_.size() + size > source->options_.most_bytes;
    if (source->is_too_large_) return 0;
    source->body_.append(data, size);
    return size;
  }

  std::shared_ptr<const Collection> failed(const char* reason, const std::string& why) const {
    auto collection = std::make_shared<Collection>();
    collection->problems.push_back({reason, options_.url, fmt::format("{}: {}", options_.url, why)});
    return collection;
  }

  const UrlOptions options_;
  const std::string host_;
  std::mutex mutex_;  // over all below: a handle does one transfer at a time
  std::unique_ptr<CURL, CurlDeleter> curl_;
  std::unique_ptr<curl_slist, CurlDeleter> headers_;
  std::string body_;
  bool is_too_large_ = false;
  char error_[CURL_ERROR_SIZE] = "";
};

}  // namespace

std::unique_ptr<Source> url_source(UrlOptions options) { return std::make_unique<UrlSource>(std::move(options)); }

}  // namespace weir
