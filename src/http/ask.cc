#include "http/ask.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <tuple>

namespace weir {

bool operator==(const Ask& a, const Ask& b) noexcept {
  const auto parts = [](const Ask& ask) {
    return std::tie(ask.view, ask.format.text, ask.format.escaping, ask.format.escaping_asked, ask.gzip, ask.names);
  };
  return parts(a) == parts(b);
}

Answer plain_answer(unsigned status, std::string text) {
  Answer answer;
  answer.status = status;
  answer.body = std::make_shared<const std::string>(std::move(text));
  return answer;
}

Answer stopping_answer() {
  Answer answer = plain_answer(503, "The exporter is stopping.\n");
  answer.rejected = "stopping";
  return answer;
}

bool Pending::settle(Answer answer) {
  {
    const std::lock_guard lock(mutex_);
    if (settled_) return false;
    settled_ = true;
    answer_ = std::move(answer);
  }
  wake();
  return true;
}

bool Pending::settled() const {
  const std::lock_guard lock(mutex_);
  return settled_;
}

std::optional<Answer> Pending::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(answer_, std::nullopt);
}

std::optional<std::chrono::milliseconds> parse_scrape_timeout(std::string_view text) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (!(seconds >= 0.001 && seconds <= 3600)) return std::nullopt;
  return std::chrono::milliseconds(static_cast<long long>(seconds * 1000));
}

std::chrono::milliseconds time_to_answer(std::chrono::milliseconds scrape_timeout) {
  return scrape_timeout - std::min(scrape_timeout / 10, std::chrono::milliseconds(500));
}

}  // namespace weir
