#include "redis_ship/per_process_shipment.h"

#include <unistd.h>

#include <bit>

#include <fmt/format.h>

#include "redis_layout/random_text.h"
#include "redis_ship/scripts.h"
#include "weir/log.h"

namespace weir {
namespace {

// A flush that meets another identity, a lost claim and a late call in turn still ends.
constexpr int kAttempts = 6;
constexpr std::uint32_t kReadAtOnce = 256;
// Beyond all a writer of one script a millisecond comes to in a month: its calls on their way when it died are late.
constexpr std::uint64_t kSequenceOfAdopters = std::uint64_t{1} << 32;

bool same(double a, double b) noexcept { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

}  // namespace

PerProcessShipment::PerProcessShipment(const RedisSettings& settings, std::shared_ptr<RedisClient> client,
                                       const SeriesBook& book, Spool* spool)
    : settings_(settings),
      client_(std::move(client)),
      book_(book),
      keys_(settings.key_prefix),
      spool_(spool),
      own_(client_->is_cluster() ? bucket_of(static_cast<long>(::getpid())) : "", ::getpid(), random_text()) {}

PerProcessShipment::PerProcessShipment(const RedisSettings& settings, std::shared_ptr<RedisClient> client,
                                       const SeriesBook& book, Spool& spool, OwnIdentities own)
    : settings_(settings),
      client_(std::move(client)),
      book_(book),
      keys_(settings.key_prefix),
      spool_(&spool),
      own_(std::move(own)),
      has_claimed_(true),
      sequence_(kSequenceOfAdopters) {}

bool PerProcessShipment::must_resolve() const { return !is_claimed_ || client_->generation() != generation_; }

bool PerProcessShipment::ship(std::span<const std::uint32_t> only) {
  try {
    return ship_what_is_due(only);
  } catch (const RedisReplyError& error) {
    keep_alive();
    // The claim itself is of another type: the next flush looks, and makes it again.
    if (std::string_view(error.what()).find("WRONGTYPE") != std::string_view::npos) is_claimed_ = false;
    throw;
  }
}

// A server that takes no values (out of memory) still takes this: nobody must fold a writer that lives.
void PerProcessShipment::keep_alive() {
  if (!is_claimed_ || Clock::now() < next_lease_) return;
  const RedisCommand renew{
      {"PEXPIRE", keys_.lease(writer()), std::to_string(settings_.lease.count())}, {}, true, false};
  if (client_->pipeline({&renew, 1}).front().is_good()) next_lease_ = Clock::now() + settings_.lease / 3;
}

bool PerProcessShipment::ship_what_is_due(std::span<const std::uint32_t> only) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (must_resolve()) resolve();
    std::vector<Due> known;
    std::vector<Due> unknown;
    for (const Due& due : gather(only)) (samples_[due.sample].is_created ? known : unknown).push_back(due);
    if (spool_ != nullptr) spool_->refresh();
    Outcome outcome = send(unknown, true);
    if (outcome == Outcome::good) outcome = send(known, false);
    if (outcome == Outcome::good && only.empty()) outcome = renew_lease();
    if (outcome == Outcome::good && only.empty() && !renew_expiry()) outcome = Outcome::again;
    if (outcome == Outcome::foreign) retreat();
    if (outcome == Outcome::lost) is_claimed_ = false;
    // A connection made on the way may be one to a server that has lost what an earlier one acknowledged.
    if (outcome == Outcome::good && !must_resolve()) return told_.dirty == 0;
  }
  throw RedisConnectionError(
      fmt::format("{}: shipping found no rest in {} attempts: the server changes, or another writer uses {}'s keys",
                  client_->describe(), kAttempts, writer()));
}

std::vector<PerProcessShipment::Due> PerProcessShipment::gather(std::span<const std::uint32_t> only) {
  samples_.resize(book_.size());
  std::vector<Due> due;
  if (!only.empty()) {
    BookedValue value;
    for (const std::uint32_t sample : only) {
      book_.read(sample, {&value, 1});
      if (is_due(sample, value)) due.push_back({sample, value});
    }
    return due;
  }
  std::vector<BookedValue> values(kReadAtOnce);
  const auto size = static_cast<std::uint32_t>(samples_.size());
  for (std::uint32_t first = 0; first < size; first += kReadAtOnce) {
    const std::span<BookedValue> some = std::span(values).first(std::min(kReadAtOnce, size - first));
    book_.read(first, some);
    for (std::uint32_t i = 0; i < some.size(); ++i) {
      if (is_due(first + i, some[i])) due.push_back({first + i, some[i]});
    }
  }
  told_.series = samples_.size();
  told_.dirty = due.size();
  return due;
}

bool PerProcessShipment::is_due(std::uint32_t sample, const BookedValue& value) const {
  if (!value.is_counted) return false;
  const Sample& known = samples_[sample];
  return !known.is_clean || !same(known.acknowledged.value, value.value) ||
         !same(known.acknowledged.timestamp, value.timestamp) ||
         known.acknowledged.exemplar_version != value.exemplar_version;
}

void PerProcessShipment::acknowledge(const Due& due) {
  Sample& sample = samples_[due.sample];
  sample.acknowledged = due.value;
  sample.is_clean = true;
  sample.is_created = true;
  sample.shipped = to_ship(due);
  ++told_.shipped;
  if (told_.dirty > 0) --told_.dirty;
}

void PerProcessShipment::tell(RedisShippingStatistics& statistics) const {
  statistics.writer = is_claimed_ ? writer() : "";
  statistics.shipped = told_.shipped;
  statistics.refused = told_.refused;
  statistics.lost_claims = told_.lost_claims;
  statistics.lost_leases = told_.lost_leases;
  statistics.fenced = told_.fenced;
  statistics.series = told_.series;
  statistics.dirty = told_.dirty;
}

std::unique_ptr<Shipment> make_per_process_shipment(const RedisSettings& settings, std::shared_ptr<RedisClient> client,
                                                    const SeriesBook& book, Spool* spool) {
  return std::make_unique<PerProcessShipment>(settings, std::move(client), book, spool);
}

}  // namespace weir
