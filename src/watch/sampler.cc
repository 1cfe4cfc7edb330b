#include "watch/sampler.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <exception>
#include <system_error>
#include <utility>

#include "model/signals_blocked.h"
#include "watch/url_writers.h"
#include "weir/error.h"

namespace weir {
namespace {

constexpr std::size_t kMostShares = 10'000;
constexpr std::chrono::milliseconds kGrace{300};
/// WriterView is asked at most once a second.
constexpr double kBetweenWriters = 1;

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int new_event() {
  const int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event < 0) throw StorageError("eventfd: " + std::generic_category().message(errno));
  return event;
}

}  // namespace

TopReading read_now(Source& source, WriterView* writers, const FamilyHead* split) {
  TopReading reading;
  reading.collection = source.collect();
  reading.seconds = now_seconds();
  if (writers == nullptr || reading.is_unread()) return reading;
  reading.knows_writers = true;
  if (split != nullptr) reading.split_of = split->name;  // asked for, whatever comes of it
  try {
    reading.writers = writers->writers();
    if (split != nullptr) {
      reading.split = writers->split(*split, kMostShares);
    }
  } catch (const WritersNotTold&) {
    reading.knows_writers = false;
  } catch (const std::exception& error) {
    reading.writers_fault = std::string("the writers are not known: ") + error.what();
  }
  return reading;
}

Sampler::Sampler(Source& source, WriterView* writers, double interval)
    : source_(source), writers_(writers), event_(new_event()), interval_(interval) {
  const SignalsBlocked blocked;  // curses' handler of SIGTSTP belongs to the thread that draws
  thread_ = std::thread([this] { run(); });
}

Sampler::~Sampler() {
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
  }
  wake_.notify_all();
  thread_.join();
  close(event_);
}

void Sampler::run() {
  std::unique_lock lock(mutex_);
  while (!is_stopped_) {
    is_wanted_ = false;
    const std::optional<FamilyHead> split = split_;
    lock.unlock();
    const double begin = now_seconds();
    TopReading reading = read(begin, split ? &*split : nullptr);
    lock.lock();
    reading_ = std::move(reading);
    eventfd_write(event_, 1);
    wait_since(begin, lock);
  }
  has_ended_ = true;
  lock.unlock();
  wake_.notify_all();
}

/// Who writes is asked once a second at most, and when another split is wanted; in between it is as it was.
TopReading Sampler::read(double begin, const FamilyHead* split) {
  const bool asks_writers =
      begin - writers_at_ >= kBetweenWriters || (split != nullptr && split->name != before_.split_of);
  TopReading reading = read_now(source_, asks_writers ? writers_ : nullptr, split);
  if (asks_writers && !reading.is_unread()) {
    writers_at_ = begin;
    before_ = reading;
    before_.collection = nullptr;
  } else {
    reading.knows_writers = before_.knows_writers;
    reading.writers = before_.writers;
    reading.writers_fault = before_.writers_fault;
    reading.split_of = before_.split_of;
    reading.split = before_.split;
  }
  return reading;
}

/// Till the next reading is due, or wanted.
void Sampler::wait_since(double begin, std::unique_lock<std::mutex>& lock) {
  using Clock = std::chrono::steady_clock;
  const auto seconds = [](double count) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(count));
  };
  while (!is_stopped_ && !is_wanted_) {
    if (is_paused_) {
      wake_.wait(lock);
    } else if (wake_.wait_until(lock, Clock::time_point(seconds(begin + interval_))) == std::cv_status::timeout) {
      return;
    }
  }
}

std::optional<TopReading> Sampler::take() {
  eventfd_t count = 0;
  eventfd_read(event_, &count);
  const std::lock_guard lock(mutex_);
  return std::exchange(reading_, std::nullopt);
}

void Sampler::read_soon() {
  {
    const std::lock_guard lock(mutex_);
    is_wanted_ = true;
  }
  wake_.notify_all();
}

void Sampler::set_interval(double seconds) {
  const std::lock_guard lock(mutex_);
  if (interval_ == seconds) return;
  interval_ = seconds;
  wake_.notify_all();
}

void Sampler::set_paused(bool paused) {
  const std::lock_guard lock(mutex_);
  if (is_paused_ == paused) return;
  is_paused_ = paused;
  wake_.notify_all();
}

void Sampler::set_split(const FamilyHead* family) {
  const std::lock_guard lock(mutex_);
  split_ = family == nullptr ? std::nullopt : std::optional<FamilyHead>(*family);
}

bool Sampler::gave_up() {
  std::unique_lock lock(mutex_);
  is_stopped_ = true;
  wake_.notify_all();
  return !wake_.wait_for(lock, kGrace, [this] { return has_ended_; });
}

}  // namespace weir
