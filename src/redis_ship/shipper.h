// The thread that ships: wakes every flush interval, or when asked, and lets the shipment do the rest (P12).
//
//   Shipper shipper(settings.flush_interval, std::move(shipment));
//   shipper.start();                                  // lazily, by the first cell
//   shipper.flush(deadline);                          // waits for a flush that began after the call
//
// The thread takes no signals. When the system refuses a thread, flush() ships in the calling thread instead. No lock
// that fork() takes is held over a socket, so fork never waits for I/O.
//
// Thread safety: every member from any thread.
// Process safety: belongs to the process that made it; a forked child forgets the parent's (never destroys it: its lock
// may be held by a thread that does not exist there) and makes its own.
#pragma once

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "redis_ship/shipment.h"
#include "weir/redis_storage.h"

namespace weir {

class Shipper {
 public:
  using Clock = std::chrono::steady_clock;

  Shipper(std::chrono::milliseconds interval, std::unique_ptr<Shipment> shipment);
  /// Ends the thread: after the flush under way.
  ~Shipper();
  Shipper(const Shipper&) = delete;
  Shipper& operator=(const Shipper&) = delete;

  /// Starts the thread if it does not run, also after stop().
  void start() noexcept;
  /// Ships everything, or the samples of `only`, in a flush that begins after this call. True when it left nothing
  /// dirty; false when it failed or `deadline` came first.
  bool flush(Clock::time_point deadline, std::span<const std::uint32_t> only = {}) noexcept;
  /// A last flush, then the thread ends; flush() gives false and finish() does nothing until start(). True when all was
  /// shipped. A flush under way at `deadline` goes on to its own end.
  bool stop(Clock::time_point deadline) noexcept;
  /// At exit: a last flush and the writer's goodbye, at most until `deadline`. Afterwards nothing is shipped any more.
  void finish(Clock::time_point deadline) noexcept;
  RedisShippingStatistics statistics() const;

 private:
  enum class Wish : std::uint8_t { stop, run, finish };

  bool flush_once(std::unique_lock<std::mutex>& lock, Clock::time_point deadline,
                  std::span<const std::uint32_t> only) noexcept;
  static void* run_thread(void* shipper) noexcept;
  void run() noexcept;
  /// One flush with mutex_ let go meanwhile.
  void ship(std::unique_lock<std::mutex>& lock) noexcept;
  enum class News : std::uint8_t { none, fails, works };
  News note(bool clean, const std::string& error) noexcept;

  const std::chrono::milliseconds interval_;
  const std::unique_ptr<Shipment> shipment_;  // used by whoever is_shipping_
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  bool has_thread_ = false;  // to be joined
  bool is_running_ = false;  // the thread has not come to its end
  bool is_shipping_ = false;
  Wish wish_ = Wish::run;
  bool is_finished_ = false;
  std::uint64_t asked_ = 0;     // flushes of everything asked for
  std::uint64_t begun_ = 0;     // asks the flush under way, or the last one, covers
  std::uint64_t answered_ = 0;  // asks that have been answered
  bool last_was_clean_ = false;
  bool last_met_nobody_ = false;                       // no connection, or no answer
  std::vector<std::uint32_t> urgent_;                  // samples asked for since the last flush began
  bool everything_ = false;                            // somebody asked for more than samples
  Clock::time_point next_ = Clock::now() + interval_;  // flush of everything
  Clock::time_point clean_at_ = Clock::now();
  RedisShippingStatistics statistics_;
  pthread_t thread_{};
};

}  // namespace weir
