#include "http/listen_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weir/error.h"

namespace weir {
namespace {

using testing::HasSubstr;

std::string refusal(std::string_view text) {
  try {
    parse_listen_address(text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ListenAddress, HostAndPortAreTakenApart) {
  const ListenAddress at = parse_listen_address("127.0.0.1:9091");
  EXPECT_EQ(at.host, "127.0.0.1");
  EXPECT_EQ(at.port, 9091);
}

TEST(ListenAddress, Ipv6StandsInBrackets) {
  const ListenAddress at = parse_listen_address("[::1]:80");
  EXPECT_EQ(at.host, "::1");
  EXPECT_EQ(at.port, 80);
}

TEST(ListenAddress, UnixSocketsAndDescriptorsHaveTheirOwnForms) {
  EXPECT_EQ(parse_listen_address("unix:/run/weir.sock").unix_path, "/run/weir.sock");
  EXPECT_EQ(parse_listen_address("fd:3").inherited_fd, 3);
  EXPECT_EQ(parse_listen_address("127.0.0.1:1").inherited_fd, -1);
  for (const char* bad : {"unix:", "unix:weir.sock", "fd:", "fd:-1", "fd:x"}) {
    EXPECT_THAT(refusal(bad), HasSubstr(std::string("listen address \"") + bad + "\"")) << bad;
  }
}

TEST(ListenAddress, NoHostMeansEveryInterface) { EXPECT_EQ(parse_listen_address(":9091").host, ""); }

TEST(ListenAddress, RefusalNamesTheTextAndWhatIsRight) {
  for (const char* bad :
       {"", "9091", "localhost", "host:", "host:x", "host:65536", "host:-1", "host:+1", "host: 1", "::1:80", "[::1]80",
        "[]:80", "[host]:80", "http://host:80", "a b:80", "ho[st:1", "host:1 "}) {
    EXPECT_THAT(refusal(bad), HasSubstr(std::string("listen address \"") + bad + "\"")) << bad;
    EXPECT_THAT(refusal(bad), HasSubstr("127.0.0.1:9091")) << bad;
  }
}

TEST(ListenSocket, PortZeroTakesAFreeOne) { EXPECT_NE(ListenSocket({"127.0.0.1", 0}).port(), 0); }

TEST(ListenSocket, PortInUseIsAStorageErrorThatNamesTheAddress) {
  const ListenSocket first({"127.0.0.1", 0});
  try {
    const ListenSocket second({"127.0.0.1", first.port()});
    FAIL() << "two sockets listen on one port";
  } catch (const StorageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("127.0.0.1:" + std::to_string(first.port())));
    EXPECT_THAT(error.what(), HasSubstr("in use"));
  }
}

TEST(ListenSocket, UnknownHostIsAConfigErrorThatNamesIt) {
  try {
    const ListenSocket socket({"no-such-host.invalid", 0});
    FAIL() << "an unknown host was found";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no-such-host.invalid"));
  }
}

TEST(ListenSocket, LocalhostAndEveryInterfaceAreListenedOn) {
  EXPECT_NE(ListenSocket({"localhost", 0}).port(), 0);
  EXPECT_NE(ListenSocket({"", 0}).port(), 0);
}

}  // namespace
}  // namespace weir
