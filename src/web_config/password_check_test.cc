// Passwords checked off the serving thread: what is computed, what is remembered, what is turned away.
#include "web_config/password_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

namespace weir {
namespace {

using testing::Each;

constexpr const char* kHashOfU = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";  // U*U

std::shared_ptr<const WebUsers> users() {
  static const auto all = std::make_shared<const WebUsers>(WebUsers{{"ada", kHashOfU}});
  return all;
}

PasswordVerdict ask(PasswordCheck& check, const Credentials& credentials) {
  std::promise<PasswordVerdict> verdict;
  EXPECT_TRUE(check.submit(users(), credentials, "", [&](PasswordVerdict one) { verdict.set_value(one); }));
  return verdict.get_future().get();
}

TEST(PasswordCheck, RightIsRightAndEverythingElseIsWrong) {
  PasswordCheck check;
  EXPECT_EQ(ask(check, {"ada", "U*U"}), PasswordVerdict::right);
  EXPECT_EQ(ask(check, {"ada", "U*V"}), PasswordVerdict::wrong);
  EXPECT_EQ(ask(check, {"bob", "U*U"}), PasswordVerdict::wrong);
  EXPECT_EQ(ask(check, {"", ""}), PasswordVerdict::wrong);
}

TEST(PasswordCheck, EachAnswerIsComputedOnce) {
  PasswordCheck check;
  EXPECT_EQ(check.remembered(*users(), {"ada", "U*U"}), std::nullopt);
  for (int i = 0; i < 3; ++i) {
    ask(check, {"ada", "U*U"});
    ask(check, {"ada", "wrong"});
  }
  EXPECT_EQ(check.computed(), 2U);
  EXPECT_EQ(check.remembered(*users(), {"ada", "U*U"}), true);
  EXPECT_EQ(check.remembered(*users(), {"ada", "wrong"}), false);
}

TEST(PasswordCheck, UnknownUsersAreComputedAndRememberedLikeKnownOnes) {
  PasswordCheck check;
  ask(check, {"nobody", "x"});
  EXPECT_EQ(check.computed(), 1U);
  EXPECT_EQ(check.remembered(*users(), {"nobody", "x"}), false);
}

TEST(PasswordCheck, AChangedHashIsANewQuestion) {
  PasswordCheck check;
  ask(check, {"ada", "U*U"});
  const WebUsers changed{{"ada", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"}};
  EXPECT_EQ(check.remembered(changed, {"ada", "U*U"}), std::nullopt);
  EXPECT_EQ(check.remembered(WebUsers{}, {"ada", "U*U"}), std::nullopt);
}

TEST(PasswordCheck, GuessingNeverPushesARightAnswerOut) {
  PasswordCheck check({.remembered_wrong = 2});
  ask(check, {"ada", "U*U"});
  for (const char* guess : {"a", "b", "c", "d"}) ask(check, {"ada", guess});
  EXPECT_EQ(check.remembered(*users(), {"ada", "U*U"}), true);
  EXPECT_EQ(check.remembered(*users(), {"ada", "a"}), std::nullopt);  // wrong answers are bounded, the oldest goes
  EXPECT_EQ(check.remembered(*users(), {"ada", "d"}), false);
}

TEST(PasswordCheck, QueueIsBoundedAndEachAddressHasItsShare) {
  PasswordCheck check({.waiting = 3, .waiting_of_address = 2});
  std::promise<void> began;
  std::promise<void> go_on;
  std::shared_future<void> gate = go_on.get_future();
  ASSERT_TRUE(check.submit(users(), {"ada", "first"}, "10.0.0.1", [&](PasswordVerdict) {
    began.set_value();
    gate.wait();
  }));
  began.get_future().wait();  // the thread is busy from here on
  std::vector<PasswordVerdict> verdicts;
  std::promise<void> last;
  const auto note = [&](PasswordVerdict verdict) {
    verdicts.push_back(verdict);
    if (verdicts.size() == 3) last.set_value();
  };
  EXPECT_TRUE(check.submit(users(), {"ada", "1"}, "10.0.0.1", note));
  EXPECT_TRUE(check.submit(users(), {"ada", "2"}, "10.0.0.1", note));
  EXPECT_FALSE(check.submit(users(), {"ada", "3"}, "10.0.0.1", note));  // its share is taken
  EXPECT_TRUE(check.submit(users(), {"ada", "4"}, "10.0.0.2", note));   // another's is not
  EXPECT_FALSE(check.submit(users(), {"ada", "5"}, "10.0.0.3", note));  // the queue is full
  go_on.set_value();
  last.get_future().wait();
  EXPECT_THAT(verdicts, Each(PasswordVerdict::wrong));
}

TEST(PasswordCheck, StoppingAnswersWhatWaitsAndWhatComesLater) {
  PasswordCheck check;
  check.stop();
  EXPECT_EQ(ask(check, {"ada", "U*U"}), PasswordVerdict::stopped);
  EXPECT_EQ(check.computed(), 0U);
}

}  // namespace
}  // namespace weir
