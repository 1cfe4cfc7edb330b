#include "redis_ship/own_identities.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using Verdict = OwnIdentities::Verdict;
constexpr double kNow = 1e9;

TEST(OwnIdentities, WantsThePlainPidFirst) {
  const OwnIdentities own("", 4242, "abcdef0123456789");
  EXPECT_EQ(own.current().writer, "4242");
  EXPECT_EQ(OwnIdentities("{b18}", 4242, "abcdef0123456789").current().writer, "{b18}4242");
}

TEST(OwnIdentities, TakesAnotherWhereThePidIsTaken) {
  OwnIdentities own("{b18}", 4242, "abcdef0123456789");
  own.take_another();
  EXPECT_EQ(own.current().writer, "{b18}4242-abcdef011");
  EXPECT_EQ(own.all().size(), 1u);
  const std::string token = own.current().token;
  own.take_another();
  EXPECT_NE(own.current().token, token);
}

TEST(OwnIdentities, StaysWhileItsClaimStands) {
  OwnIdentities own("", 1, "r");
  EXPECT_EQ(own.judge(0, {.claim_token = own.current().token}, kNow, kNow - 1), Verdict::current);
}

TEST(OwnIdentities, OwnsALostClaimAgain) {
  OwnIdentities own("", 1, "r");
  EXPECT_EQ(own.judge(0, {}, kNow, kNow - 60), Verdict::own_again);
  EXPECT_EQ(own.judge(0, {}, kNow, 0), Verdict::own_again);
}

TEST(OwnIdentities, LeavesAStrangersClaimAlone) {
  OwnIdentities own("", 1, "r");
  EXPECT_EQ(own.judge(0, {.claim_token = "other"}, kNow, 0), Verdict::taken);
}

TEST(OwnIdentities, AddsWhatWasFoldedUnderEachIdentity) {
  OwnIdentities own("", 1, "r");
  EXPECT_EQ(own.judge(0, {.has_tombstone = true, .folded_at = kNow - 5, .folded = {{"counter:a", 7}}}, kNow, kNow),
            Verdict::next);
  own.fold_current({{"counter:a", 7}}, kNow - 5);
  own.fold_current({{"counter:a", 2}, {"counter:b", 1}}, kNow - 1);
  EXPECT_EQ(own.folded("counter:a"), 9);
  EXPECT_EQ(own.folded("counter:b"), 1);
  EXPECT_EQ(own.folded("counter:c"), 0);
}

TEST(OwnIdentities, ReturnsToTheIdentityWhoseFoldAFailoverLost) {
  OwnIdentities own("", 1, "r");
  own.fold_current({{"counter:a", 7}}, kNow - 5);
  EXPECT_EQ(own.judge(0, {.claim_token = "r"}, kNow, kNow - 1), Verdict::current);
  own.back_to(0);
  EXPECT_EQ(own.folded("counter:a"), 0);
  EXPECT_EQ(own.current().writer, "1");
}

TEST(OwnIdentities, TrustsItsMemoryOfAFoldWhoseTombstoneHasExpired) {
  OwnIdentities own("", 1, "r");
  own.fold_current({{"counter:a", 7}}, kNow - 100000);
  EXPECT_EQ(own.judge(0, {}, kNow, kNow - 1), Verdict::next);
  EXPECT_EQ(own.folded("counter:a"), 7);
}

TEST(OwnIdentities, AwayTooLongGoesOnFromWhatWasAcknowledged) {
  OwnIdentities own("", 1, "r");
  EXPECT_EQ(own.judge(0, {}, kNow, kNow - OwnIdentities::kTombstoneTrust - 1), Verdict::from_acked);
}

}  // namespace
}  // namespace weir
