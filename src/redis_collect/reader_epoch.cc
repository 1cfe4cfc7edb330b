#include "redis_collect/reader_epoch.h"

#include <string_view>

namespace weir {

bool names_epoch(const std::string& lease, const std::string& current) {
  return current.starts_with('.') ? std::string_view(lease).ends_with(current) : lease == current;
}

/// Waiting goes on from when it began: several changes in a row are one to those who wait.
void ReaderEpoch::begin_epoch(const std::string& current, Clock::time_point now) {
  current_ = current;
  for (const auto& [writer, length] : lived_) {
    const auto [at, is_new] = waits_.try_emplace(writer, Wait{now, length});
    if (!is_new && now - at->second.since >= at->second.length) at->second.since = now;
  }
}

std::vector<std::string> ReaderEpoch::awaited(const std::string& current, std::span<const Lease> leases,
                                              Clock::time_point now) {
  if (known_ && current != current_) begin_epoch(current, now);
  current_ = current;
  known_ = true;
  live_.clear();
  for (const Lease& lease : leases) {
    if (lease.names.empty()) continue;
    live_.emplace(lease.writer, lease.length);
    if (names_epoch(lease.names, current)) {
      waits_.erase(lease.writer);
    } else {
      waits_.try_emplace(lease.writer, Wait{now, lease.length});
    }
  }
  std::vector<std::string> missing;
  for (const auto& [writer, wait] : waits_) {
    if (now - wait.since < wait.length) missing.push_back(writer);
  }
  return missing;
}

void ReaderEpoch::collected() {
  lived_ = live_;
  std::erase_if(waits_, [this](const auto& wait) { return !live_.contains(wait.first); });
}

}  // namespace weir
