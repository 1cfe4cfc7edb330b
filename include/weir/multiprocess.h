// Reading what many processes counted: the multiprocess directory as one source of samples.
//
//   weir::MultiProcessCollector metrics{"/run/app/metrics"};          // or {} for PROMETHEUS_MULTIPROC_DIR
//   std::string body = weir::expose(*metrics.collect(), {});
//
// Reads files written by C++ (Weir) and Python (prometheus_client), both record layouts, even mixed. Keeps parsed keys
// and open descriptors between calls: a warm collection reads values and nothing else.
//
// A family declared with two types (or a gauge with two modes) is shown twice: the first in the order counter, gauge,
// histogram, summary keeps its name, the other becomes `<name>_conflict_<type>`; a Problem names the files of both.
//
// Thread safety: every member may be called from several threads; overlapping calls share one collection, which always
// begins after the call did.
// Process safety: reads only (except mark_process_dead); writers never notice. A forked child makes a new one.
// Invariants: I2, I4, I5.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weir/snapshot.h"
#include "weir/writers.h"

namespace weir {

class MultiProcessCollector : public Source {
 public:
  /// `directory` empty: PROMETHEUS_MULTIPROC_DIR (or, deprecated, prometheus_multiproc_dir). Throws ConfigError when
  /// neither is set. A directory that does not exist (yet) collects nothing and is reported as a Problem.
  explicit MultiProcessCollector(std::filesystem::path directory = {});
  ~MultiProcessCollector() override;
  MultiProcessCollector(const MultiProcessCollector&) = delete;
  MultiProcessCollector& operator=(const MultiProcessCollector&) = delete;

  std::shared_ptr<const Collection> collect() override;
  std::string describe() const override;

  /// What the last collection read: for `/backend`, `weir check` and people.
  struct Statistics {
    std::size_t files = 0;
    std::size_t files_skipped = 0;  ///< not readable, not parsable, or of a dead process and live*
    std::size_t entries = 0;        ///< records read
    std::size_t series = 0;
    std::uint64_t bytes = 0;        ///< read from files
    double seconds = 0;             ///< time the collection took
    std::uint64_t collections = 0;  ///< since construction
  };
  Statistics statistics() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The writers of a multiprocess directory, which need not exist, for the page of an Exposer. Files of other clients
/// are judged by a read lease: the process must ignore SIGIO (protocol P5).
std::unique_ptr<WriterView> directory_writers(std::filesystem::path directory);

/// Merges exactly these files, as prometheus_client's MultiProcessCollector.merge does. With `accumulate` histogram
/// buckets are cumulative and `_count` is added; without, they stand as stored, for writing them to a file again.
/// `problems`, if given, receives what was skipped.
std::vector<MetricFamily> merge(std::span<const std::filesystem::path> files, bool accumulate = true,
                                std::vector<Problem>* problems = nullptr);

/// Removes the `live*` gauge files of a process that has ended; call it when a worker exits. `directory` empty: the
/// environment's. Idempotent. Throws ConfigError without a directory, StorageError when a file cannot be removed.
void mark_process_dead(long pid, std::filesystem::path directory = {});
/// The same for a custom writer identity.
void mark_process_dead(std::string_view identity, std::filesystem::path directory = {});

}  // namespace weir
