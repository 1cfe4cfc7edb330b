// Who this process is in Redis, and who it was: its claims, one after another, and what was folded under each (P7, P9).
//
// A writer is one identity at a time. When somebody folded it (it was paused beyond its lease), the values folded lie
// in a tombstone; the writer goes on under a new identity and ships its cells minus all that was folded before.
// Whenever the server may have changed, it walks all its identities again: the first without a tombstone is the one
// that counts, because a failover may have lost the fold that ended it.
//
//   OwnIdentities own(keys, token, {.pid = 4242});
//   for (walk = own.begin_walk(); …)                     // see PerProcessShipment::resolve
//
// Thread safety: one thread at a time (the shipping lock). Plain decisions, no I/O. Invariants: I1, I2.
// Source: protocols P7 to P9 and tests/models.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// Folded values by index member `<kind>:<hash>`.
using FoldedValues = std::map<std::string, double, std::less<>>;

struct OwnIdentity {
  std::string writer;  ///< bucket included
  std::string token;
  bool was_folded = false;
  double folded_at = 0;  ///< by the server's clock, Unix seconds
  FoldedValues folded;
};

/// What the server says of one identity.
struct IdentityOnServer {
  bool has_tombstone = false;
  double folded_at = 0;
  FoldedValues folded{};
  std::string claim_token{};  ///< empty: no claim
};

class OwnIdentities {
 public:
  /// Half of how long a tombstone stays: what is older may be gone without a word. Seconds.
  static constexpr double kTombstoneTrust = 12 * 3600;

  /// What names are made of.
  struct Origin {
    std::string bucket;
    long pid = 0;
    std::string random;
    int made = 0;  ///< names made of it so far
  };

  /// The first identity wanted is `bucket` + the pid.
  OwnIdentities(std::string bucket, long pid, std::string random);
  /// A process that is gone: as it was. `all` is not empty.
  OwnIdentities(Origin origin, std::vector<OwnIdentity> all) : origin_(std::move(origin)), all_(std::move(all)) {}

  const Origin& origin() const noexcept { return origin_; }
  const OwnIdentity& current() const noexcept { return all_.back(); }
  const std::vector<OwnIdentity>& all() const noexcept { return all_; }
  /// The identity wanted was another's: the next is `<pid>-<random><n>`.
  void take_another();
  /// What was folded of a sample under all identities before the current one.
  double folded(std::string_view member) const;

  enum class Verdict {
    current,     ///< goes on as it is
    own_again,   ///< the current one: its claim is gone and must be made again
    next,        ///< folded: look at the next, or make one
    from_acked,  ///< gone for so long that nobody knows: as folded, with the values last acknowledged
    taken,       ///< somebody else's: take_another()
  };
  /// Decides about identity `i`, and remembers a fold. `now` and `last_acknowledged` by the server's clock; 0: never.
  Verdict judge(std::size_t i, const IdentityOnServer& met, double now, double last_acknowledged);
  /// Ends the identities after `i`: it is the current one again.
  void back_to(std::size_t i) { all_.resize(i + 1); }
  /// The current identity was folded with these values; a new one follows.
  void fold_current(FoldedValues values, double at);

 private:
  Origin origin_;
  std::vector<OwnIdentity> all_;

  OwnIdentity another();
};

}  // namespace weir
