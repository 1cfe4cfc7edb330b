#include "watch/url_writers.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <utility>

#include "watch/api_documents.h"
#include "watch/http_get.h"
#include "weir/log.h"

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::minutes kBetweenTries{1};  // of a server that has no API
constexpr std::chrono::milliseconds kMostPatience{5000};

UrlOptions patient(UrlOptions options) {
  options.timeout = std::min(options.timeout, kMostPatience);
  return options;
}

class UrlWriters final : public WriterView {
 public:
  explicit UrlWriters(const UrlOptions& options) : url_(options.url), get_(patient(options), "application/json") {}

  std::string storage() const override {
    const std::lock_guard lock(mutex_);
    return told_.storage;
  }
  std::string how_to_write() const override {
    const std::lock_guard lock(mutex_);
    return told_.how_to_write;
  }

  std::vector<Writer> writers() override {
    const std::lock_guard lock(mutex_);
    if (Clock::now() < not_before_) throw WritersNotTold(url_ + " does not say who writes");
    const HttpAnswer answer = ask(fmt::format("api/v1/status?writers={}", kMostApiWriters));
    std::optional<ApiWriters> told = answer.status == 200 ? read_api_status(answer.body) : std::nullopt;
    if (told && !told->fault.empty()) throw StorageError(told->fault);
    if (!told || !told->is_known) {
      not_before_ = Clock::now() + kBetweenTries;
      throw WritersNotTold(url_ + " does not say who writes");
    }
    if (told->is_cut && !told_.is_cut) {  // said when it begins, not at every reading
      log_line(LogLevel::warning,
               fmt::format("{} has more writers than can be shown; the first {} are", url_, told->writers.size()));
    }
    told_ = std::move(*told);
    return told_.writers;
  }

  /// At most what the API gives.
  FamilySplit split(const FamilyHead& family, std::size_t most) override {
    const std::lock_guard lock(mutex_);
    const HttpAnswer answer = ask("api/v1/split?family=" + query_value(family.name));
    std::optional<FamilySplit> split = answer.status == 200 ? read_api_split(answer.body) : std::nullopt;
    if (!split) return {};  // a family of /backend, or one that has just gone
    if (split->shares.size() > most) {
      split->shares.resize(most);
      split->is_cut = true;
    }
    return std::move(*split);
  }

 private:
  HttpAnswer ask(const std::string& path) {
    const std::string url = beside_url(url_, path);
    HttpAnswer answer = get_(url);
    if (answer.status == 0) throw StorageError(fmt::format("{}: {}", url, answer.fault));
    if (answer.status >= 500) throw StorageError(fmt::format("{}: answered {}", url, answer.status));
    return answer;
  }

  const std::string url_;
  mutable std::mutex mutex_;  // over all below
  HttpGet get_;
  ApiWriters told_;
  Clock::time_point not_before_;
};

}  // namespace

std::unique_ptr<WriterView> url_writers(const UrlOptions& options) { return std::make_unique<UrlWriters>(options); }

std::string beside_url(std::string_view url, std::string_view path) {
  url = url.substr(0, url.find_first_of("?#"));
  const std::size_t scheme = url.find("://");
  const std::size_t host = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::size_t slash = url.rfind('/');
  const bool has_path = slash != std::string_view::npos && slash >= host;
  return fmt::format("{}/{}", has_path ? url.substr(0, slash) : url, path);
}

std::string query_value(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
                          c == '-' || c == '.' || c == '~';
    is_plain ? void(out += c) : void(out += fmt::format("%{:02X}", static_cast<unsigned char>(c)));
  }
  return out;
}

}  // namespace weir
