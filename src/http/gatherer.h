// One thread that collects from a source for all requests that wait, and renders what each asked for.
//
//   Gatherer gatherer{source, &statistics, 64 << 20, Api{name, writers}};
//   gatherer.submit(pending);           // settled later, from the gatherer's thread
//
// Requests that arrive while a collection runs wait for the next one and then share it: a scrape never gets values
// older than itself, and a hundred scrapers cost one collection. Equal asks share one rendered body. Asks under /api
// also take the last collection, a scrape's too, while it is younger than kApiAge: pages cost one collection a second
// at most. A split is read by a thread of its own (split_reader.h). A source that hangs blocks this thread only;
// deadlines are kept by Connections, which settles such requests with 503.
//
// Thread safety: every member may be called from any thread.
// Invariants: I4 (bodies held are bounded; a throwing source costs 500s, not the server).
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "http/api.h"
#include "http/ask.h"
#include "http/body_store.h"
#include "http/problem_log.h"
#include "http/split_reader.h"
#include "http/statistics.h"
#include "weir/snapshot.h"

namespace weir {

class Gatherer {
 public:
  static constexpr std::chrono::milliseconds kApiAge{900};
  static constexpr std::chrono::seconds kPageGone{60};  ///< after the last ask under /api, nothing is kept for more

  /// `source` and `statistics` (null: its collections are not counted) must outlive the gatherer. While bodies of more
  /// than `max_body_bytes` are being sent, further asks get 503. `api` renders what is asked under /api.
  Gatherer(Source& source, Statistics* statistics, std::size_t max_body_bytes, Api api);
  /// Waits for a collection that runs.
  ~Gatherer();
  Gatherer(const Gatherer&) = delete;
  Gatherer& operator=(const Gatherer&) = delete;

  /// After stop(): settled with 503 at once.
  void submit(const std::shared_ptr<Pending>& pending);
  /// Settles everything that waits with 503, also what the running collection was for.
  void stop();

 private:
  void run();
  void answer(const std::vector<std::shared_ptr<Pending>>& batch);
  std::shared_ptr<const Collection> collect();
  std::shared_ptr<const Collection> collection_for(const std::vector<std::shared_ptr<Pending>>& batch);
  Answer render(const std::shared_ptr<const Collection>& collection, const Ask& ask);
  Answer render_api(const std::shared_ptr<const Collection>& collection, const Ask& ask);
  void submit_split(const Collection& collection, const std::shared_ptr<Pending>& pending);
  double collected_at() const;
  static Answer too_much_held();
  Answer render_exposition(const Collection& collection, const Ask& ask);

  // constant after construction
  Source& source_;
  Statistics* const statistics_;
  const std::size_t max_body_bytes_;
  // used by the thread only
  BodyStore bodies_;
  ProblemLog problem_log_;
  Api api_;
  SplitReader splits_;
  std::shared_ptr<const Collection> recent_;  // for pages that poll, while one does; a scrape never gets it
  std::chrono::steady_clock::time_point recent_began_;
  std::chrono::steady_clock::time_point looked_at_until_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<Pending>> waiting_;  // guarded by mutex_
  std::vector<std::shared_ptr<Pending>> served_;   // guarded by mutex_; the running collection's
  bool stopped_ = false;                           // guarded by mutex_

  std::thread thread_;
};

}  // namespace weir
