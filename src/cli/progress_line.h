// A line on standard error that says what takes so long and how far it is: once a second has gone by, only where
// standard error is a terminal, and gone when it is done.
//
//   ProgressLine progress("folding /run/app/metrics");
//   fold_directory(directory, {.progress = [&](std::size_t done, std::size_t all) { progress.tell(done, all); }});
//   progress.end();                                       // before anything else is printed
//
// Thread safety: tell() may be called from any thread; the line is drawn by a thread of its own, so that it also moves
// where nobody tells anything.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <thread>

namespace weir::cli {

class ProgressLine {
 public:
  explicit ProgressLine(const std::string& what);
  ~ProgressLine() { end(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// `all` 0: not known.
  void tell(std::size_t done, std::size_t all);
  /// The line goes. Idempotent.
  void end();

 private:
  void run();

  const std::string what_;
  std::mutex mutex_;  // over all below but thread_
  std::condition_variable wake_;
  std::size_t done_ = 0;
  std::size_t all_ = 0;
  bool is_done_ = false;
  std::thread thread_;  // none where nobody watches
};

}  // namespace weir::cli
