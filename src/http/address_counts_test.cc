// Connections counted by client address.
#include "http/address_counts.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

namespace weir {
namespace {

std::string name_of_v6(const char* text) {
  sockaddr_in6 at{};
  at.sin6_family = AF_INET6;
  inet_pton(AF_INET6, text, &at.sin6_addr);
  return client_address(reinterpret_cast<const sockaddr*>(&at));
}

TEST(AddressCounts, Ipv6ClientsCountByTheirNetwork) {
  EXPECT_EQ(name_of_v6("2001:db8:1:2:3:4:5:6"), name_of_v6("2001:db8:1:2::1"));
  EXPECT_NE(name_of_v6("2001:db8:1:2::1"), name_of_v6("2001:db8:1:3::1"));
  EXPECT_EQ(name_of_v6("::ffff:10.0.0.7"), "10.0.0.7");
  EXPECT_EQ(name_of_v6("::1"), "::1");
}

TEST(AddressCounts, UnixSocketsHaveNoAddressAndNoLimit) {
  sockaddr at{};
  at.sa_family = AF_UNIX;
  EXPECT_EQ(client_address(&at), "");
  EXPECT_EQ(client_address(nullptr), "");
  AddressCounts counts(1, 1);
  for (int i = 0; i < 3; ++i) counts.entered("");
  EXPECT_TRUE(counts.has_room(""));
}

TEST(AddressCounts, LimitIsAnAddressesOwnAndGivenBack) {
  AddressCounts counts(2, 100);
  counts.entered("10.0.0.1");
  EXPECT_TRUE(counts.has_room("10.0.0.1"));
  counts.entered("10.0.0.1");
  EXPECT_FALSE(counts.has_room("10.0.0.1"));
  EXPECT_TRUE(counts.has_room("10.0.0.2"));
  counts.left("10.0.0.1");
  EXPECT_TRUE(counts.has_room("10.0.0.1"));
}

TEST(AddressCounts, LoopbackIsLimitedOnlyWhereALimitWasAskedFor) {
  AddressCounts usual(0, 1);
  usual.entered("127.0.0.1");
  usual.entered("10.0.0.1");
  EXPECT_TRUE(usual.has_room("127.0.0.1"));
  EXPECT_FALSE(usual.has_room("10.0.0.1"));
  AddressCounts asked(1, 100);
  asked.entered("127.0.0.1");
  EXPECT_FALSE(asked.has_room("127.0.0.1"));
}

}  // namespace
}  // namespace weir
