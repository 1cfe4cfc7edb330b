// Folding a directory again and again while something else serves it: what `weir serve` does.
//
//   weir::BackgroundFold folding(fold_of_directory("/run/app/metrics", {}), {});      // until destroyed
//   exposer backend source: folding                                                  // weir_fold_* metrics
//
// One thread, asleep but for a look at the directory every interval: a stat, an open and a lock question a file. A kind
// is folded when several of its files are dead, or once a minute when any is.
//
// Thread safety: every member from any thread. Process safety: as fold_directory(); not inherited by fork.
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "weir/fold.h"
#include "weir/snapshot.h"

namespace weir {

struct BackgroundFoldOptions {
  std::chrono::milliseconds interval{10000};
  std::size_t enough_sources = 8;           ///< of a kind, to be folded at the next look
  std::chrono::milliseconds first_look{0};  ///< after the start: a program that cannot serve has changed nothing
};

class BackgroundFold : public Source {
 public:
  /// One look: folds where at least `least_sources` of a kind are dead.
  using Fold = std::function<FoldReport(std::size_t least_sources)>;

  BackgroundFold(Fold fold, BackgroundFoldOptions options);
  /// Waits for a fold that runs.
  ~BackgroundFold() override;
  BackgroundFold(const BackgroundFold&) = delete;
  BackgroundFold& operator=(const BackgroundFold&) = delete;

  /// Somebody has ended: looks at once, not at the end of the interval.
  void look_soon();

  /// How folding has done, for `/backend`.
  std::shared_ptr<const Collection> collect() override;
  std::string describe() const override { return "folding in the background"; }

 private:
  void run();
  void fold_once(std::size_t least_sources);
  void log_new(const FoldReport& report);

  const Fold fold_;
  const BackgroundFoldOptions options_;
  std::set<std::string> logged_;  // messages; used by the thread alone

  std::mutex mutex_;
  std::condition_variable wake_;
  // Guarded by mutex_.
  bool is_over_ = false;
  bool is_asked_ = false;  // by look_soon()
  FoldReport last_;
  double seconds_ = 0;  // the last fold took
  std::uint64_t folds_ = 0;
  std::uint64_t failures_ = 0;
  std::uint64_t sources_ = 0;
  std::uint64_t removed_ = 0;
  std::uint64_t set_aside_ = 0;

  std::thread thread_;
};

/// Of a directory, once it is there.
BackgroundFold::Fold fold_of_directory(std::filesystem::path directory, FoldOptions options);

}  // namespace weir
