// bcrypt against known answers, and what strangers are checked against.
#include "web_config/bcrypt.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

// A test vector of bcrypt's inventors (OpenBSD, crypt_blowfish).
constexpr const char* kOfU = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";  // U*U

TEST(Bcrypt, KnownAnswersMatchAndOthersDoNot) {
  EXPECT_TRUE(bcrypt_matches("U*U", kOfU));
  EXPECT_FALSE(bcrypt_matches("U*V", kOfU));
  EXPECT_FALSE(bcrypt_matches("", kOfU));
}

TEST(Bcrypt, APasswordWithAZeroByteNeverMatches) {
  EXPECT_FALSE(bcrypt_matches(std::string("U*U\0", 4), kOfU));
  EXPECT_FALSE(bcrypt_matches(std::string("U*U\0x", 5), kOfU));
}

TEST(Bcrypt, HashesAreJudgedWithoutComputing) {
  EXPECT_EQ(bcrypt_fault(kOfU), "");
  EXPECT_EQ(bcrypt_cost(kOfU), 5);
  for (const char* bad : {"", "x", "$1$abc", "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                          "$2a$5x$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                          "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe",
                          "$2a$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                          "$2a$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                          "$2a$05$CCCCCCCCCCCCCCCCCCCCC:E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"}) {
    EXPECT_NE(bcrypt_fault(bad), "") << bad;
  }
}

TEST(Bcrypt, NobodysHashIsComputedLikeAnyAndMatchesNothing) {
  const std::string nobody = bcrypt_of_nobody(4);
  EXPECT_EQ(bcrypt_fault(nobody), "");
  EXPECT_EQ(bcrypt_cost(nobody), 4);
  EXPECT_FALSE(bcrypt_matches("", nobody));
  EXPECT_FALSE(bcrypt_matches("password", nobody));
}

}  // namespace
}  // namespace weir
