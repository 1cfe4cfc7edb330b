// Authorization headers as clients send and as nobody should.
#include "web_config/basic_auth.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

Credentials credentials_of(std::string_view header) {
  return basic_credentials(header).value_or(Credentials{"nothing", "nothing"});
}

TEST(BasicAuth, UserAndPasswordAreTakenApartAtTheFirstColon) {
  const Credentials plain = credentials_of("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");  // RFC 7617's example
  EXPECT_EQ(plain.user, "Aladdin");
  EXPECT_EQ(plain.password, "open sesame");
  EXPECT_EQ(credentials_of("Basic YTpiOmM=").password, "b:c");
  EXPECT_EQ(credentials_of("Basic Og==").user, "");
}

TEST(BasicAuth, SchemeIsReadInAnyCase) {
  EXPECT_TRUE(basic_credentials("bAsIc YTpi"));
  EXPECT_TRUE(basic_credentials("Basic    YTpi"));
}

TEST(BasicAuth, EverythingElseIsNoCredentials) {
  for (const char* header : {"", "Basic", "Basic ", "Bearer YTpi", "YTpi", "Basic YTpi ", "Basic YTp",
                             "Basic Y===", "Basic ====", "Basic =TpiYTpi", "Basic YT=pi", "Basic YW5v", "Basic YT\npi",
                             "Basic \xff\xff\xff\xff", "Basi\xe3 YTpi"}) {
    EXPECT_FALSE(basic_credentials(header)) << header;
  }
  EXPECT_FALSE(basic_credentials("Basic " + std::string(100000, 'A')));
}

TEST(BasicAuth, BytesOfAnyKindComeThrough) {
  EXPECT_EQ(credentials_of("Basic YToA/w==").password, std::string("\0\xff", 2));
}

}  // namespace
}  // namespace weir
