#include "watch/url_advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "watch/curl_library.h"

namespace weir {
namespace {

using testing::HasSubstr;

TEST(UrlAdvice, NamesTheFileOfPasswordsAndTheHost) {
  EXPECT_THAT(url_advice({.status = 401, .host = "web-17"}),
              HasSubstr("`machine web-17 login USER password PASSWORD`"));
}

TEST(UrlAdvice, TellsAWrongNameFromAnUnknownAuthorityAndAnEndedCertificate) {
  UrlOutcome outcome{.code = CURLE_PEER_FAILED_VERIFICATION, .host = "10.0.0.7", .ca_file = "/etc/own.pem"};
  outcome.said = "SSL: no alternative certificate subject name matches target host name '10.0.0.7'";
  EXPECT_THAT(url_advice(outcome), HasSubstr("instead of \"10.0.0.7\""));
  outcome.said = "SSL certificate problem";
  outcome.verified = 10;
  EXPECT_THAT(url_advice(outcome), HasSubstr("renewed"));
  outcome.verified = 19;
  EXPECT_THAT(url_advice(outcome), HasSubstr("set SSL_CERT_FILE (it is \"/etc/own.pem\")"));
  outcome.ca_file.clear();
  EXPECT_THAT(url_advice(outcome), HasSubstr("set SSL_CERT_FILE to"));
}

TEST(UrlAdvice, TellsWhichSchemeIsSpoken) {
  EXPECT_THAT(url_advice({.status = 400, .body = "Client sent an HTTP request to an HTTPS server.\n"}),
              HasSubstr("https://"));
  EXPECT_EQ(url_advice({.status = 400, .body = "Bad request"}), "");
  EXPECT_THAT(url_advice({.code = CURLE_SSL_CONNECT_ERROR, .said = "SSL routines::wrong version number"}),
              HasSubstr("without TLS there: write http://"));
  EXPECT_THAT(url_advice({.code = CURLE_SSL_CONNECT_ERROR, .said = "OpenSSL SSL_connect: SSL_ERROR_SYSCALL"}),
              HasSubstr("without TLS there, write http://"));
}

TEST(UrlAdvice, WebPageIsNoExposition) {
  EXPECT_TRUE(is_web_page("\r\n<!DOCTYPE html>\n<html>"));
  EXPECT_FALSE(is_web_page("# a <comment>\nup 1\n"));
  EXPECT_FALSE(is_web_page(" \n"));
  EXPECT_THAT(url_advice({.status = 200, .body = "<html>"}), HasSubstr("mostly /metrics"));
}

TEST(UrlAdvice, IsEmptyWhereNobodyKnowsMore) {
  EXPECT_EQ(url_advice({.code = CURLE_OPERATION_TIMEDOUT, .said = "timed out"}), "");
  EXPECT_EQ(url_advice({.status = 500}), "");
}

}  // namespace
}  // namespace weir
