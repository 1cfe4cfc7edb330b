#include "collect/liveness.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace weir {
namespace {

bool always(long) { return true; }
bool never(long) { return false; }

TEST(Liveness, ALockIsLife) {
  EXPECT_EQ(judge_writer(true, LockTrust::proves_death, "42", never), Liveness::alive);
  EXPECT_EQ(judge_writer(true, LockTrust::needs_pid_gone, "42", never), Liveness::alive);
}

TEST(Liveness, NoLockOnATrustedFileSystemIsDeath) {
  EXPECT_EQ(judge_writer(false, LockTrust::proves_death, "42", always), Liveness::dead);
}

TEST(Liveness, OnOverlayfsThePidMustBeGoneToo) {
  EXPECT_EQ(judge_writer(false, LockTrust::needs_pid_gone, "42-18f3", always), Liveness::alive);
  EXPECT_EQ(judge_writer(false, LockTrust::needs_pid_gone, "42-18f3", never), Liveness::dead);
  EXPECT_EQ(judge_writer(false, LockTrust::needs_pid_gone, "worker_1", never), Liveness::alive);
}

TEST(Liveness, ElsewhereNobodyIsJudged) {
  EXPECT_EQ(judge_writer(false, LockTrust::proves_nothing, "42", never), Liveness::alive);
}

TEST(Liveness, FileSystemsAreTrustedByName) {
  EXPECT_EQ(lock_trust(0xEF53), LockTrust::proves_death);
  EXPECT_EQ(lock_trust(0x01021994), LockTrust::proves_death);
  EXPECT_EQ(lock_trust(0x794C7630), LockTrust::needs_pid_gone);
  EXPECT_EQ(lock_trust(0x6969), LockTrust::proves_nothing);
  EXPECT_EQ(lock_trust(0x65735546), LockTrust::proves_nothing);
}

TEST(Liveness, ThisProcessExists) { EXPECT_TRUE(process_exists(getpid())); }

}  // namespace
}  // namespace weir
