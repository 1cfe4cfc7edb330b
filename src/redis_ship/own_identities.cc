#include "redis_ship/own_identities.h"

#include <fmt/format.h>

namespace weir {

OwnIdentities::OwnIdentities(std::string bucket, long pid, std::string random)
    : origin_{std::move(bucket), pid, std::move(random)} {
  all_.push_back({fmt::format("{}{}", origin_.bucket, pid), origin_.random, false, 0, {}});
}

// `-` and no `_`: readers of files take what stands before a `_` for the pid, and names stay alike.
OwnIdentity OwnIdentities::another() {
  const auto& [bucket, pid, random, made] = origin_;
  ++origin_.made;
  return {fmt::format("{}{}-{}{}", bucket, pid, random.substr(0, 8), made),
          fmt::format("{}{}", random, made),
          false,
          0,
          {}};
}

void OwnIdentities::take_another() { all_.back() = another(); }

double OwnIdentities::folded(std::string_view member) const {
  double sum = 0;
  for (std::size_t i = 0; i + 1 < all_.size(); ++i) {
    if (const auto at = all_[i].folded.find(member); at != all_[i].folded.end()) sum += at->second;
  }
  return sum;
}

OwnIdentities::Verdict OwnIdentities::judge(std::size_t i, const IdentityOnServer& met, double now,
                                            double last_acknowledged) {
  OwnIdentity& own = all_[i];
  if (met.has_tombstone) {
    own.was_folded = true;
    own.folded_at = met.folded_at;
    own.folded = met.folded;
    return Verdict::next;
  }
  if (met.claim_token == own.token) {
    own.was_folded = false;  // a failover lost the fold
    own.folded.clear();
    return Verdict::current;
  }
  if (own.was_folded && now - own.folded_at > kTombstoneTrust) return Verdict::next;  // the tombstone has expired
  if (!met.claim_token.empty()) return Verdict::taken;
  const bool is_last = i + 1 == all_.size();
  if (is_last && last_acknowledged > 0 && now - last_acknowledged > kTombstoneTrust) return Verdict::from_acked;
  own.was_folded = false;
  own.folded.clear();
  return Verdict::own_again;
}

void OwnIdentities::fold_current(FoldedValues values, double at) {
  all_.back().was_folded = true;
  all_.back().folded_at = at;
  all_.back().folded = std::move(values);
  all_.push_back(another());
}

}  // namespace weir
