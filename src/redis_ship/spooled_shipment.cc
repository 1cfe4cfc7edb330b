#include "redis_ship/spooled_shipment.h"

#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "redis_layout/random_text.h"
#include "weir/log.h"

namespace weir {
namespace {

constexpr std::chrono::seconds kPause{5};
constexpr std::chrono::minutes kLongestPause{5};  // where what is found cannot be shipped
constexpr std::chrono::milliseconds kRound{500};  // this process's own values wait meanwhile

}  // namespace

SpooledShipment::SpooledShipment(const RedisSettings& settings, std::shared_ptr<RedisClient> client,
                                 const SeriesBook& book, Spool::Files files)
    : spool_(spool_place(settings), fmt::format("{}-{}", ::getpid(), random_text()), std::move(files)),
      own_(settings.layout == RedisLayout::shared ? make_shared_shipment(settings, client, book, &spool_)
                                                  : make_per_process_shipment(settings, client, book, &spool_)),
      adopter_(settings, client),
      pause_(kPause) {}

bool SpooledShipment::ship(std::span<const std::uint32_t> only) {
  is_clean_ = false;
  is_clean_ = own_->ship(only);
  if (only.empty() && SpoolAdopter::Clock::now() >= next_) adopt();
  return is_clean_;
}

void SpooledShipment::adopt() {
  const Adopted done = adopter_.adopt(SpoolAdopter::Clock::now() + kRound);
  if (done.why.empty()) {
    pause_ = kPause;
    has_told_ = false;
  } else {
    pause_ = std::min<SpoolAdopter::Clock::duration>(2 * pause_, kLongestPause);
    if (!has_told_) log_line(LogLevel::warning, "values of a process that is gone wait in the spool: " + done.why);
    has_told_ = true;
  }
  const bool had_no_time = done.waiting > 0 && done.why.empty() && done.records > 0;
  next_ = SpoolAdopter::Clock::now() + (had_no_time ? SpoolAdopter::Clock::duration{} : pause_);
}

void SpooledShipment::goodbye() {
  if (!is_clean_) return;
  spool_.take_files();
  spool_.commit();
  own_->goodbye();
  spool_.remove();
}

}  // namespace weir
