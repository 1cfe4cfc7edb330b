// A thread that reads a source every so often, so that a slow one keeps no key waiting.
//
//   Sampler sampler(source, writers, 1.0);
//   ... poll(sampler.descriptor()) ...
//   while (std::optional<TopReading> reading = sampler.take()) view.take(std::move(*reading));
//
// Thread safety: one thread uses it. The source and the writers are used by the sampler's own thread alone, and must
// outlive it. Destroying it waits for a reading under way; gave_up() tells whether that would take long.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "watch/top_view.h"
#include "weir/snapshot.h"
#include "weir/writers.h"

namespace weir {

/// One reading now, in this thread. `split` null: no family's split is wanted. Where nothing can be read, writers are
/// not asked: what holds the source up would hold them up too. Throws nothing: what writers() throws is told in
/// `writers_fault`.
TopReading read_now(Source& source, WriterView* writers, const FamilyHead* split);

class Sampler {
 public:
  /// The first reading begins at once. `writers` may be null.
  Sampler(Source& source, WriterView* writers, double interval);
  ~Sampler();
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

  int descriptor() const noexcept { return event_; }  ///< readable when there is a reading
  /// The newest reading that was not taken yet; older ones are left out.
  std::optional<TopReading> take();
  void read_soon();
  void set_interval(double seconds);
  void set_paused(bool paused);
  void set_split(const FamilyHead* family);
  /// Asks it to end, and waits a moment. True where a reading under way holds it up: its server does not answer.
  bool gave_up();

 private:
  void run();
  TopReading read(double begin, const FamilyHead* split);
  void wait_since(double begin, std::unique_lock<std::mutex>& lock);

  Source& source_;
  WriterView* const writers_;
  // used by the thread alone
  TopReading before_;         // the last one that asked who writes, without its collection
  double writers_at_ = -1e9;  // when it began, in seconds
  const int event_;
  std::mutex mutex_;  // over all below but thread_
  std::condition_variable wake_;
  double interval_;
  bool is_paused_ = false;
  bool is_wanted_ = false;
  bool is_stopped_ = false;
  bool has_ended_ = false;
  std::optional<FamilyHead> split_;
  std::optional<TopReading> reading_;
  std::thread thread_;
};

}  // namespace weir
