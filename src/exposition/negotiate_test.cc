#include <gtest/gtest.h>

#include "weir/exposition.h"

namespace weir {
namespace {

std::string answer(std::string_view accept) { return content_type(negotiate(accept)); }

// As the servers send them.
constexpr std::string_view kPrometheus2_42 =
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
constexpr std::string_view kPrometheus2_53 =
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
constexpr std::string_view kPrometheus2_53NativeHistograms =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
constexpr std::string_view kPrometheus3 =
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
constexpr std::string_view kPrometheus3ProtoDots =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
    "application/openmetrics-text;version=1.0.0;escaping=dots;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=1.0.0;escaping=dots;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";

constexpr std::string_view kTextType = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view kOpenMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

TEST(Negotiate, NoHeaderGetsText) { EXPECT_EQ(answer(""), kTextType); }

TEST(Negotiate, Prometheus2GetsOpenMetrics) {
  EXPECT_EQ(answer(kPrometheus2_42), kOpenMetricsType);
  EXPECT_EQ(answer(kPrometheus2_53), kOpenMetricsType);
}

TEST(Negotiate, Prometheus3GetsOpenMetricsWithItsEscaping) {
  EXPECT_EQ(answer(kPrometheus3), std::string(kOpenMetricsType) + "; escaping=allow-utf-8");
}

TEST(Negotiate, ProtobufIsPassedOver) {
  EXPECT_EQ(answer(kPrometheus2_53NativeHistograms), kOpenMetricsType);
  EXPECT_EQ(answer(kPrometheus3ProtoDots), std::string(kOpenMetricsType) + "; escaping=dots");
  EXPECT_EQ(answer("application/vnd.google.protobuf;escaping=allow-utf-8,text/plain;q=0.5"), kTextType);
}

TEST(Negotiate, Text1_0_0KeepsItsVersionAndEscaping) {
  EXPECT_EQ(answer("text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"),
            "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8");
  EXPECT_EQ(answer("text/plain;version=1.0.0"), "text/plain; version=1.0.0; charset=utf-8");
}

TEST(Negotiate, EverySchemeIsKnownByItsName) {
  const std::string ask = "text/plain;version=0.0.4;escaping=";
  EXPECT_EQ(negotiate(ask + "allow-utf-8").escaping, NameEscaping::allow_utf8);
  EXPECT_EQ(negotiate(ask + "underscores").escaping, NameEscaping::underscores);
  EXPECT_EQ(negotiate(ask + "dots").escaping, NameEscaping::dots);
  EXPECT_EQ(negotiate(ask + "values").escaping, NameEscaping::values);
  for (const std::string scheme : {"allow-utf-8", "underscores", "dots", "values"}) {
    EXPECT_EQ(answer(ask + scheme), std::string(kTextType) + "; escaping=" + scheme);
  }
}

TEST(Negotiate, UnknownSchemeMeansUnderscores) {
  const Format format = negotiate("application/openmetrics-text;version=1.0.0;escaping=rot13");
  EXPECT_EQ(format.text, TextFormat::openmetrics_1_0_0);
  EXPECT_EQ(format.escaping, NameEscaping::underscores);
  EXPECT_FALSE(format.escaping_asked);
}

TEST(Negotiate, OpenMetricsWithoutVersionIsTheFirstOne) {
  constexpr std::string_view kFirst = "application/openmetrics-text; version=0.0.1; charset=utf-8";
  EXPECT_EQ(answer("application/openmetrics-text"), kFirst);
  EXPECT_EQ(answer("application/openmetrics-text;version=0.0.1"), kFirst);
}

TEST(Negotiate, UnknownVersionsArePassedOver) {
  EXPECT_EQ(answer("application/openmetrics-text;version=0.0.4"), kTextType);
  EXPECT_EQ(answer("text/plain;version=9,application/openmetrics-text;version=1.0.0;q=0.1"), kOpenMetricsType);
}

TEST(Negotiate, HigherQWinsWhateverTheOrder) {
  EXPECT_EQ(answer("text/plain;q=0.3,application/openmetrics-text;version=1.0.0;q=0.9"), kOpenMetricsType);
  EXPECT_EQ(answer("application/openmetrics-text;version=1.0.0;q=0.3,text/plain;q=0.9"), kTextType);
}

TEST(Negotiate, QZeroRefuses) {
  EXPECT_EQ(answer("application/openmetrics-text;version=1.0.0;q=0"), kTextType);
  EXPECT_EQ(answer("application/openmetrics-text;version=1.0.0;q=0,text/plain;q=0.1"), kTextType);
}

TEST(Negotiate, BrowsersAndCurlGetText) {
  EXPECT_EQ(answer("*/*"), kTextType);
  EXPECT_EQ(answer("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), kTextType);
}

TEST(Negotiate, TypesCompareInAnyCaseAndQuotesAreRemoved) {
  EXPECT_EQ(answer("Application/OpenMetrics-Text; Version=\"1.0.0\""), kOpenMetricsType);
}

TEST(AcceptsGzip, WhenNamedOrByWildcard) {
  for (const std::string_view header :
       {"gzip", "gzip, deflate, br", "deflate;q=1, GZIP;q=0.1", "x-gzip", "*", "br, *"}) {
    EXPECT_TRUE(accepts_gzip(header)) << header;
  }
}

TEST(AcceptsGzip, NotWhenAbsentOrRefused) {
  for (const std::string_view header : {"", "identity", "deflate, br", "gzip;q=0", "gzip;q=0, *", "*;q=0", "gzipped"}) {
    EXPECT_FALSE(accepts_gzip(header)) << header;
  }
}

}  // namespace
}  // namespace weir
