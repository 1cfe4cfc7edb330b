// Whether a reader may trust what it sees, after a failover, a restart or a FLUSHALL (P8).
//
//   ReaderEpoch epoch;
//   if (!epoch.awaited(current, leases, now).empty()) …        // refuse this collection: a gap is harmless, a fall not
//   epoch.collected();                                         // it came through
//
// An epoch is `<master_replid>.<epoch key>`; a writer's lease names the one in which it last shipped everything. When
// the epoch changes, every writer that lived at the last good collection is awaited until its lease names the new
// epoch; so is one whose lease names another epoch at any time. Nobody is awaited longer than its own lease time,
// counted from when the need to wait was seen.
//
// Thread safety: one thread at a time. No I/O, no clock. Invariants: I2.
#pragma once

#include <chrono>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace weir {

class ReaderEpoch {
 public:
  using Clock = std::chrono::steady_clock;
  struct Lease {
    std::string writer;
    std::string names;  ///< its value; empty: it has run out, the writer is dead
    std::chrono::milliseconds length{15000};
  };

  /// The writers to wait for, sorted; none: what is read may be shown.
  std::vector<std::string> awaited(const std::string& current, std::span<const Lease> leases, Clock::time_point now);
  /// The collection judged last was shown.
  void collected();

 private:
  struct Wait {
    Clock::time_point since;
    std::chrono::milliseconds length;
  };
  using Lengths = std::map<std::string, std::chrono::milliseconds>;

  bool known_ = false;  // any epoch yet
  std::string current_;
  Lengths live_;                       // writers with a lease, as judged last
  Lengths lived_;                      // likewise, when it was shown
  std::map<std::string, Wait> waits_;  // those whose time is up stay until they are good or gone

  void begin_epoch(const std::string& current, Clock::time_point now);
};

/// True when `lease` names `current`. Where the replication id is not known (no right to ask INFO), `current` is
/// `.<epoch key>` and only that part counts.
bool names_epoch(const std::string& lease, const std::string& current);

}  // namespace weir
