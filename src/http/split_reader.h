// A thread that reads splits: one family, writer by writer (/api/v1/split).
//
//   SplitReader splits(writers, bodies);
//   splits.submit({pending, head, time});          // settled later, from the reader's thread
//
// A split of a large family reads for as long as a collection; here no scrape waits for it. Requests for a family
// within kAge share one reading. The thread starts with the first request: where nobody looks there is none.
//
// Thread safety: every member may be called from any thread. Invariants: I4 (what cannot be read costs its requests).
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http/ask.h"
#include "http/body_store.h"
#include "weir/writers.h"

namespace weir {

class SplitReader {
 public:
  static constexpr std::chrono::milliseconds kAge{900};
  static constexpr std::size_t kMostShares = 20000;

  struct Job {
    std::shared_ptr<Pending> pending;
    FamilyHead head;
    double time = 0;  ///< of the collection that has the family, Unix seconds
  };

  /// `writers` (null: the source does not tell its writers apart) and `bodies` must outlive it.
  SplitReader(WriterView* writers, BodyStore& bodies) : writers_(writers), bodies_(bodies) {}
  /// Waits for a reading under way.
  ~SplitReader();
  SplitReader(const SplitReader&) = delete;
  SplitReader& operator=(const SplitReader&) = delete;

  /// After stop(): settled with 503 at once.
  void submit(const Job& job);
  /// Settles everything that waits with 503, also what is being read.
  void stop();
  /// Gives back what is kept between requests.
  void forget();

 private:
  using Clock = std::chrono::steady_clock;
  struct Read {
    std::string family;
    Clock::time_point began;
    double time = 0;
    std::string body;   ///< without its time
    std::string fault;  ///< empty: it could be read
  };
  static constexpr std::size_t kMostKept = 8;

  void run();
  std::shared_ptr<const Read> split_of(const Job& job);
  Read read(const Job& job) const;
  Answer answer(const Read& read, bool gzip);

  WriterView* const writers_;
  BodyStore& bodies_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::vector<Job> waiting_;
  std::vector<Job> served_;  // being read
  std::vector<std::shared_ptr<const Read>> kept_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace weir
