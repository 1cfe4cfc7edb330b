// What the endpoints answer. Limits and time are in exposer_limits_test.cc.
#include "weir/exposer.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <csignal>
#include <thread>

#include "http/http_client_for_test.h"
#include "http/sources_for_test.h"
#include "weir/error.h"
#include "weir/exposition.h"

namespace weir {
namespace {

using test::Client;
using test::counter_family;
using test::fetch;
using test::FixedSource;
using test::Response;
using testing::HasSubstr;
using testing::Not;

class ExposerTest : public testing::Test {
 protected:
  FixedSource source_{{counter_family("apples", 3), counter_family("pears", 4)}};
  Exposer exposer_{{.listen = "127.0.0.1:0"}, source_};
  std::uint16_t port() const { return exposer_.port(); }
};

std::string unpacked(const std::string& gzip) {
  std::string out(1 << 16, '\0');
  z_stream stream{};
  inflateInit2(&stream, 16 + MAX_WBITS);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(gzip.data()));
  stream.avail_in = static_cast<uInt>(gzip.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int end = inflate(&stream, Z_FINISH);
  out.resize(end == Z_STREAM_END ? stream.total_out : 0);
  inflateEnd(&stream);
  return out;
}

TEST_F(ExposerTest, MetricsAreTheSourceAsText) {
  const Response response = fetch(port(), "/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, expose(*source_.collect(), {}));
  EXPECT_THAT(response.body, HasSubstr("apples_total 3\n"));
  EXPECT_TRUE(response.has("Content-Type: text/plain; version=0.0.4"));
  EXPECT_TRUE(response.has("X-Content-Type-Options: nosniff"));
}

TEST_F(ExposerTest, AbsoluteFormIsThePathInIt) {
  EXPECT_EQ(fetch(port(), "http://test:1/metrics?name[]=apples").body, fetch(port(), "/metrics?name[]=apples").body);
  EXPECT_EQ(fetch(port(), "HTTPS://test/api/v1/values").status, 200);
  EXPECT_EQ(fetch(port(), "http://test").body, fetch(port(), "/").body);
  EXPECT_EQ(fetch(port(), "ftp://test/metrics").status, 404);
}

TEST_F(ExposerTest, AcceptChoosesOpenMetrics) {
  const Response response = fetch(port(), "/metrics", "Accept: application/openmetrics-text; version=1.0.0\r\n");
  EXPECT_TRUE(response.has("Content-Type: application/openmetrics-text; version=1.0.0")) << response.head;
  EXPECT_TRUE(response.body.ends_with("# EOF\n"));
}

TEST_F(ExposerTest, AcceptOverSeveralLinesIsOneList) {
  const Response response =
      fetch(port(), "/metrics", "Accept: text/plain;q=0.1\r\nAccept: application/openmetrics-text; version=1.0.0\r\n");
  EXPECT_TRUE(response.has("application/openmetrics-text")) << response.head;
}

TEST_F(ExposerTest, GzipIsSentWhereItIsAccepted) {
  const Response response = fetch(port(), "/metrics", "accept-encoding: gzip\r\n");
  EXPECT_TRUE(response.has("Content-Encoding: gzip"));
  EXPECT_EQ(unpacked(response.body), expose(*source_.collect(), {}));
}

TEST_F(ExposerTest, GzipIsNotSentWhereItIsRefused) {
  EXPECT_FALSE(fetch(port(), "/metrics", "Accept-Encoding: gzip;q=0\r\n").has("Content-Encoding"));
  EXPECT_FALSE(fetch(port(), "/metrics").has("Content-Encoding"));
}

TEST_F(ExposerTest, NameParameterPicksFamiliesHoweverItIsEscaped) {
  for (const char* query :
       {"/metrics?name[]=pears", "/metrics?name%5B%5D=pears_total", "/metrics?x=1&name%5b%5d=pe%61rs&"}) {
    const Response response = fetch(port(), query);
    EXPECT_THAT(response.body, HasSubstr("pears_total 4")) << query;
    EXPECT_THAT(response.body, Not(HasSubstr("apples"))) << query;
  }
  const Response both = fetch(port(), "/metrics?name[]=pears&name[]=apples");
  EXPECT_THAT(both.body, HasSubstr("pears_total 4"));
  EXPECT_THAT(both.body, HasSubstr("apples_total 3"));
  EXPECT_EQ(fetch(port(), "/metrics?name[]=plums").body, "");
}

TEST_F(ExposerTest, HeadHasTheLengthAndNoBody) {
  const Response response = fetch(port(), "/metrics", "", "HEAD");
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.has(fmt::format("Content-Length: {}\r\n", expose(*source_.collect(), {}).size())))
      << response.head;
}

TEST_F(ExposerTest, OtherMethodsGet405WithAllow) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"}) {
    const Response response = fetch(port(), "/metrics", "", method);
    EXPECT_EQ(response.status, 405) << method;
    EXPECT_TRUE(response.has("Allow: GET, HEAD")) << method;
  }
}

TEST_F(ExposerTest, UnknownPathsGet404WithAHint) {
  const Response response = fetch(port(), "/metric<b>");
  EXPECT_EQ(response.status, 404);
  EXPECT_THAT(response.body, HasSubstr("/metrics"));
  EXPECT_THAT(response.body, Not(HasSubstr("<b>")));
}

TEST_F(ExposerTest, HealthNeedsNoCollection) {
  EXPECT_EQ(fetch(port(), "/healthz").body, "ok\n");
  EXPECT_EQ(source_.collections, 0);
}

TEST_F(ExposerTest, EveryScrapeCollectsAnew) {
  fetch(port(), "/metrics");
  fetch(port(), "/metrics");
  EXPECT_EQ(source_.collections, 2);
}

TEST_F(ExposerTest, ReadyWhenTheSourceIsRead) { EXPECT_EQ(fetch(port(), "/readyz").status, 200); }

TEST(Exposer, PlainPageIsStrictAboutWhatItLoads) {
  FixedSource source{{}};
  const Exposer exposer({.listen = "127.0.0.1:0", .page = PageKind::plain}, source);
  const Response response = fetch(exposer.port(), "/");
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.has("Content-Type: text/html; charset=utf-8"));
  EXPECT_TRUE(response.has("Content-Security-Policy: default-src 'none'; style-src 'sha256-"));
  EXPECT_THAT(response.body, HasSubstr("directory /run/&lt;b&gt;metrics"));
}

TEST_F(ExposerTest, SeveralRequestsShareAConnection) {
  Client client(port());
  client.write(
      "GET /healthz HTTP/1.1\r\nHost: t\r\n\r\nGET /metrics HTTP/1.1\r\nHost: t\r\n\r\n"
      "GET /nowhere HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(client.read().status, 200);
  EXPECT_THAT(client.read().body, HasSubstr("apples_total 3"));
  EXPECT_EQ(client.read().status, 404);
}

TEST_F(ExposerTest, BackendCountsWhatWasServed) {
  fetch(port(), "/metrics");
  fetch(port(), "/elsewhere");
  std::string body = fetch(port(), "/backend").body;
  // A request ends, for the server, a moment after its client has the whole answer.
  for (int tries = 0; tries < 1000 && body.find("weir_http_requests_in_flight 1\n") == std::string::npos; ++tries) {
    body = fetch(port(), "/backend").body;
  }
  EXPECT_THAT(body, HasSubstr("weir_http_requests_total{code=\"200\",path=\"/metrics\"} 1\n"));
  EXPECT_THAT(body, HasSubstr("weir_http_requests_total{code=\"404\",path=\"other\"} 1\n"));
  EXPECT_THAT(body, HasSubstr("weir_collect_duration_seconds_count 1\n"));
  EXPECT_THAT(body, HasSubstr("weir_collect_duration_seconds_bucket{le=\"+Inf\"} 1\n"));
  EXPECT_THAT(body, HasSubstr("weir_collect_series 2\n"));
  EXPECT_THAT(body, HasSubstr("weir_http_requests_in_flight 1\n"));
  EXPECT_THAT(body, HasSubstr("weir_build_info{version=\""));
  EXPECT_THAT(body, HasSubstr("process_resident_memory_bytes "));
}

TEST_F(ExposerTest, OwnMetricsNeverStandAmongTheApplications) {
  EXPECT_THAT(fetch(port(), "/metrics").body, Not(HasSubstr("weir_")));
}

TEST(Exposer, BackendShowsWhatItsExtraSourceAdds) {
  FixedSource source{{}};
  FixedSource extra{{counter_family("weir_extra", 7)}};
  const Exposer exposer({.listen = "127.0.0.1:0"}, source, &extra);
  EXPECT_THAT(fetch(exposer.port(), "/backend").body, HasSubstr("weir_extra_total 7\n"));
}

TEST(Exposer, ProblemsAreCountedByReasonAndTheRestIsServed) {
  FixedSource source({counter_family("apples", 3)},
                     {{"truncated", "/run/a.db", "too short"}, {"truncated", "/run/b.db", "too short"}});
  const Exposer exposer({.listen = "127.0.0.1:0"}, source);
  EXPECT_THAT(fetch(exposer.port(), "/metrics").body, HasSubstr("apples_total 3"));
  EXPECT_THAT(fetch(exposer.port(), "/backend").body, HasSubstr("weir_collect_errors_total{reason=\"truncated\"} 2\n"));
  const Response ready = fetch(exposer.port(), "/readyz");
  EXPECT_EQ(ready.status, 200);
  EXPECT_THAT(ready.body, HasSubstr("/run/b.db: too short"));
}

TEST(Exposer, NotReadyWhenNothingCouldBeRead) {
  FixedSource source({}, {{"no_directory", "/nowhere", "there is no such directory"}});
  const Exposer exposer({.listen = "127.0.0.1:0"}, source);
  const Response ready = fetch(exposer.port(), "/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_THAT(ready.body, HasSubstr("no_directory: /nowhere: there is no such directory"));
  EXPECT_EQ(fetch(exposer.port(), "/healthz").status, 200);
}

TEST(Exposer, ThrowingSourceCostsA500AndServingGoesOn) {
  test::ThrowingSource source;
  const Exposer exposer({.listen = "127.0.0.1:0"}, source);
  const Response response = fetch(exposer.port(), "/metrics");
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, HasSubstr("out of everything"));
  EXPECT_EQ(fetch(exposer.port(), "/healthz").status, 200);
}

TEST(Exposer, ScrapesThatOverlapShareACollectionThatBeganAfterThem) {
  test::WaitingSource source;
  const Exposer exposer({.listen = "127.0.0.1:0"}, source);
  Client first(exposer.port());
  first.write("GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n");
  source.wait_until_began(1);
  std::vector<std::unique_ptr<Client>> later;
  for (int i = 0; i < 10; ++i) {
    later.push_back(std::make_unique<Client>(exposer.port()));
    later.back()->write("GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n");
  }
  // All eleven are in flight when the backend, which has its own thread, says so (itself is the twelfth).
  while (fetch(exposer.port(), "/backend").body.find("weir_http_requests_in_flight 12\n") == std::string::npos) {
  }
  source.release(2);
  EXPECT_THAT(first.read().body, HasSubstr("began_total 1\n"));
  for (const auto& client : later) EXPECT_THAT(client->read().body, HasSubstr("began_total 2\n"));
}

TEST(Exposer, SlowSourceNeverDelaysHealth) {
  test::WaitingSource source;
  const Exposer exposer({.listen = "127.0.0.1:0"}, source);
  Client scrape(exposer.port());
  scrape.write("GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n");
  source.wait_until_began(1);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(fetch(exposer.port(), "/healthz").status, 200);
  source.release(1);
  EXPECT_EQ(scrape.read().status, 200);
}

TEST(Exposer, ThreadsTakeNoSignals) {
  FixedSource source{{}};
  const Exposer exposer({.listen = "127.0.0.1:0"}, source);
  static volatile std::sig_atomic_t taken = 0;
  static pthread_t taker;
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = [](int) {
    taken = 1;
    taker = pthread_self();
  };
  sigaction(SIGUSR1, &action, &before);
  kill(getpid(), SIGUSR1);
  sigaction(SIGUSR1, &before, nullptr);
  EXPECT_EQ(taken, 1);
  EXPECT_TRUE(pthread_equal(taker, pthread_self()));
}

TEST(Exposer, BadOptionsAreNamed) {
  FixedSource source{{}};
  const auto refusal = [&](ExposerOptions options) -> std::string {
    try {
      const Exposer exposer(std::move(options), source);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(refusal({.listen = "nonsense"}), HasSubstr("nonsense"));
  EXPECT_THAT(refusal({.max_connections = 0}), HasSubstr("max_connections is 0"));
  EXPECT_THAT(refusal({.scrape_timeout = std::chrono::milliseconds(-5)}), HasSubstr("scrape_timeout is -5"));
  EXPECT_THAT(refusal({.max_request_bytes = 10}), HasSubstr("max_request_bytes is 10"));
}

}  // namespace
}  // namespace weir
