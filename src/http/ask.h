// What one request asks of a collection, and what it gets: the words between the HTTP server and the gatherer.
//
// Thread safety: values; a Pending is settled by whoever is first (gatherer, deadline, shutdown), the others change
// nothing.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/exposition.h"

namespace weir {

/// What is made of the collection.
enum class View : std::uint8_t { exposition, readiness, page, api_series, api_values, api_status, api_split };

/// Requests with equal asks share one body.
struct Ask {
  View view = View::exposition;
  Format format;
  bool gzip = false;
  std::vector<std::string> names;  ///< `name[]`; of api_split and api_status what api_query() makes of the query
};
bool operator==(const Ask& a, const Ask& b) noexcept;

struct Answer {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::shared_ptr<const std::string> body;
  bool gzipped = false;
  const char* cache_control = "no-store";
  std::string etag;                ///< with its quotes; empty: none
  const char* policy = nullptr;    ///< Content-Security-Policy; null: none
  const char* rejected = nullptr;  ///< `reason` of weir_http_rejected_total, when Weir itself refused
};
/// An answer in plain words.
Answer plain_answer(unsigned status, std::string text);
/// 503, to whoever still waits when the exporter ends.
Answer stopping_answer();

/// A request that waits for its answer while its connection is suspended.
class Pending {
 public:
  using Clock = std::chrono::steady_clock;

  Pending(Ask ask, Clock::time_point deadline) : ask_(std::move(ask)), deadline_(deadline) {}
  virtual ~Pending() = default;
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

  const Ask& ask() const noexcept { return ask_; }
  Clock::time_point deadline() const noexcept { return deadline_; }

  /// Gives the answer and wakes the connection; false (and nothing happens) when it already has one.
  bool settle(Answer answer);
  bool settled() const;
  /// The answer, moved out; nothing while there is none.
  std::optional<Answer> take();

 private:
  /// Called once, by the thread that settled, without a lock.
  virtual void wake() = 0;

  const Ask ask_;
  const Clock::time_point deadline_;
  mutable std::mutex mutex_;
  bool settled_ = false;
  std::optional<Answer> answer_;
};

/// Seconds in an X-Prometheus-Scrape-Timeout-Seconds header; nothing when it is not a number from 0.001 to 3600.
std::optional<std::chrono::milliseconds> parse_scrape_timeout(std::string_view text);
/// When to give up so that the scraper still reads the refusal: a tenth of the time earlier, at most half a second.
std::chrono::milliseconds time_to_answer(std::chrono::milliseconds scrape_timeout);

}  // namespace weir
