// What hostile, slow and many clients get, and how serving ends (I4).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>

#include "http/http_client_for_test.h"
#include "http/sources_for_test.h"
#include "weir/exposer.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using test::Client;
using test::counter_family;
using test::fetch;
using test::FixedSource;
using test::Response;
using test::WaitingSource;
using testing::HasSubstr;

constexpr const char* kScrape = "GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n";

/// A body of some megabytes: more than the socket buffers of both ends hold.
FixedSource big_source() {
  MetricFamily family{{"big", MetricType::gauge, "", ""}, {}};
  for (int i = 0; i < 20000; ++i)
    family.samples.push_back({"big", {{"i", std::string(800, 'x') + std::to_string(i)}}, 1.0, {}});
  return FixedSource({family});
}

TEST(ExposerLimits, OversizedRequestsAreRefusedByKind) {
  FixedSource source{{}};
  const Exposer exposer({.listen = "127.0.0.1:0", .max_request_bytes = 4096}, source);
  EXPECT_EQ(fetch(exposer.port(), std::string(10000, '/')).status, 414);
  EXPECT_EQ(fetch(exposer.port(), "/metrics", "X-Long: " + std::string(10000, 'a') + "\r\n").status, 431);
  EXPECT_EQ(fetch(exposer.port(), "/metrics", "X-Fine: " + std::string(3000, 'a') + "\r\n").status, 200);
}

TEST(ExposerLimits, BodiesAreRefusedUnread) {
  FixedSource source{{}};
  const Exposer exposer({.listen = "127.0.0.1:0"}, source);
  EXPECT_EQ(fetch(exposer.port(), "/metrics", "Content-Length: 1000000000000\r\n").status, 413);
  EXPECT_EQ(fetch(exposer.port(), "/metrics", "Transfer-Encoding: chunked\r\n").status, 413);
  EXPECT_EQ(fetch(exposer.port(), "/metrics", "Content-Length: 1000000000000\r\n", "POST").status, 405);
  EXPECT_EQ(fetch(exposer.port(), "/metrics", "Content-Length: 0\r\n").status, 200);
}

TEST(ExposerLimits, MalformedRequestsCostThemselvesOnly) {
  FixedSource source{{}};
  const Exposer exposer({.listen = "127.0.0.1:0", .connection_timeout = milliseconds(300)}, source);
  const std::string zero("GET /metrics\0 HTTP/1.1\r\nHost: t\r\n\r\n", 36);
  for (const std::string& bytes :
       {std::string("\r\n\r\n"), std::string("GET\r\n\r\n"),
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), zero,
        std::string("GET /metrics HTTP/9.9\r\n\r\n"), std::string("GET /metrics HTTP/1.1\r\n\r\n"),
        std::string("GET /metrics?name[]=%zz%00%ff HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"),
        std::string("GET /metrics HTTP/1.1\r\nHost: t\r\nContent-Length: -5\r\n\r\n"),
        std::string("GET /metrics HTTP/1.1\r\nHost t\r\n: :\r\n\r\n"), std::string(5000, '\xff')}) {
    Client client(exposer.port());
    client.write(bytes);
    EXPECT_TRUE(client.is_closed()) << bytes;
  }
  EXPECT_EQ(fetch(exposer.port(), "/metrics").status, 200);
}

TEST(ExposerLimits, RequestsAProxyWouldReadDifferentlyAreRefusedAndTheirConnectionClosed) {
  FixedSource source{{counter_family("requests", 7)}};
  const Exposer exposer({.listen = "127.0.0.1:0"}, source);
  const std::string begin = "GET /metrics HTTP/1.1\r\nHost: t\r\n";
  const std::string behind = "\r\n\r\nGET /metrics HTTP/1.1\r\nHost: t\r\n\r\n";
  for (const std::string& header :
       {std::string("Content-Length : 35"), std::string("Content-Length\t: 35"), std::string("Host: other"),
        std::string("Transfer-Encoding : chunked"), std::string("X(y): z")}) {
    Client client(exposer.port());
    client.write(begin + header + behind);
    EXPECT_EQ(client.read().status, 400) << header;
    EXPECT_EQ(client.read().status, 0) << header;
    EXPECT_TRUE(client.is_closed()) << header;
  }
  EXPECT_EQ(fetch(exposer.port(), "/metrics", "X-a_b~c: z\r\n").status, 200);
}

TEST(ExposerLimits, EscapedNulEndsNoPathAndNoArgument) {
  FixedSource source{{counter_family("requests", 7)}};
  const Exposer exposer({.listen = "127.0.0.1:0"}, source);
  EXPECT_EQ(fetch(exposer.port(), "/metrics%00x").status, 404);
  EXPECT_EQ(fetch(exposer.port(), "/m%65trics").status, 200);
  EXPECT_THAT(fetch(exposer.port(), "/metrics?name[]=requests%00x").body, testing::Not(HasSubstr("requests_total")));
}

TEST(ExposerLimits, RawNulInTheRequestLineEndsNoPath) {
  FixedSource source{{counter_family("requests", 7)}};
  const Exposer exposer({.listen = "127.0.0.1:0"}, source);
  using namespace std::string_view_literals;
  for (const std::string_view target : {"/metrics\0"sv, "/metrics\0x"sv, "/metrics?name[]=requests\0&x"sv, "\0/"sv}) {
    EXPECT_EQ(fetch(exposer.port(), target).status, 400) << target;
  }
  EXPECT_EQ(fetch(exposer.port(), "/metrics?").status, 200);
}

TEST(ExposerLimits, MoreArgumentsThanTheLibraryHoldsAreRefusedAtOnce) {
  FixedSource source{{counter_family("requests", 7)}};
  const Exposer exposer({.listen = "127.0.0.1:0"}, source);
  const auto ask = [&](std::size_t arguments) {
    std::string target = "/metrics?name[]=requests";
    while (--arguments > 0) target += "&name[]=a";
    return fetch(exposer.port(), target).status;
  };
  EXPECT_EQ(ask(400), 200);
  for (const std::size_t arguments : {500, 700, 3000}) EXPECT_EQ(ask(arguments), 414) << arguments;
}

TEST(ExposerLimits, ClientThatTricklesItsRequestIsClosed) {
  FixedSource source{{}};
  const Exposer exposer({.listen = "127.0.0.1:0", .connection_timeout = milliseconds(300)}, source);
  Client client(exposer.port());
  const auto begin = std::chrono::steady_clock::now();
  client.write("GET /metrics HTTP/1.1\r\nHost: t\r\nX: ");
  // A byte at a time keeps an inactivity timeout from ever firing; the receive limit paces the loop.
  const timeval pace{0, 20000};
  setsockopt(client.fd(), SOL_SOCKET, SO_RCVTIMEO, &pace, sizeof pace);
  bool closed = false;
  while (!closed && std::chrono::steady_clock::now() - begin < std::chrono::seconds(10))
    closed = !client.write("a") || client.is_closed();
  EXPECT_TRUE(closed);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(ExposerLimits, IdleConnectionIsClosedAlsoAfterAResponse) {
  FixedSource source{{}};
  const Exposer exposer({.listen = "127.0.0.1:0", .connection_timeout = milliseconds(200)}, source);
  Client fresh(exposer.port());
  Client used(exposer.port());
  used.write(kScrape);
  EXPECT_EQ(used.read().status, 200);
  EXPECT_TRUE(fresh.is_closed());
  EXPECT_TRUE(used.is_closed());
}

TEST(ExposerLimits, ClientThatReadsNothingIsClosed) {
  FixedSource source = big_source();
  const Exposer exposer({.listen = "127.0.0.1:0", .response_timeout = milliseconds(300)}, source);
  Client client(exposer.port());
  client.write(kScrape);
  while (fetch(exposer.port(), "/backend").body.find("weir_http_requests_in_flight 1\n") == std::string::npos) {
  }
  EXPECT_TRUE(client.is_closed());
}

TEST(ExposerLimits, BodiesOfSlowReadersAreBoundedInBytes) {
  FixedSource source = big_source();
  const Exposer exposer({.listen = "127.0.0.1:0", .max_body_bytes = 1000000}, source);
  Client slow(exposer.port());
  slow.write(kScrape);
  ASSERT_TRUE(slow.is_answered());  // from here on its body is held
  const Response second = fetch(exposer.port(), "/metrics");
  EXPECT_EQ(second.status, 503);
  EXPECT_TRUE(second.has("Retry-After: 1"));
  EXPECT_EQ(slow.read().status, 200);
  EXPECT_THAT(fetch(exposer.port(), "/backend").body, HasSubstr("weir_http_rejected_total{reason=\"memory\"} 1\n"));
}

TEST(ExposerLimits, ScrapesBeyondTheLimitGet503) {
  WaitingSource source;
  const Exposer exposer({.listen = "127.0.0.1:0", .max_requests_in_flight = 1}, source);
  Client first(exposer.port());
  first.write(kScrape);
  source.wait_until_began(1);
  const Response second = fetch(exposer.port(), "/metrics");
  EXPECT_EQ(second.status, 503);
  EXPECT_THAT(second.body, HasSubstr("Too many scrapes"));
  EXPECT_TRUE(second.has("Retry-After: 1"));
  EXPECT_EQ(fetch(exposer.port(), "/healthz").status, 200);
  source.release(1000);
  EXPECT_EQ(first.read().status, 200);
}

TEST(ExposerLimits, PlacesOfOneAddressAreGivenAgain) {
  WaitingSource source;
  const Exposer exposer({.listen = "127.0.0.1:0", .max_requests_in_flight_per_address = 1}, source);
  Client first(exposer.port());
  first.write(kScrape);
  source.wait_until_began(1);
  int status = fetch(exposer.port(), "/backend").status;
  EXPECT_EQ(status, 503);  // the first has the only place
  source.release(1000);
  EXPECT_EQ(first.read().status, 200);
  // Given back once the server knows that the answer is out, which its reader may know before.
  for (int i = 0; i < 2000 && status == 503; ++i) status = fetch(exposer.port(), "/backend").status;
  EXPECT_EQ(status, 200);
  const auto shows_the_reason = [&] {
    const Response backend = fetch(exposer.port(), "/backend");
    return backend.status == 200 && backend.body.find("{reason=\"in_flight_of_address\"} ") != std::string::npos;
  };
  bool is_shown = false;
  for (int i = 0; i < 2000 && !is_shown; ++i) is_shown = shows_the_reason();
  EXPECT_TRUE(is_shown);
}

TEST(ExposerLimits, ConnectionsBeyondTheLimitAreClosed) {
  FixedSource source{{}};
  const Exposer exposer({.listen = "127.0.0.1:0", .max_connections = 5}, source);
  std::vector<std::unique_ptr<Client>> held;
  for (int i = 0; i < 5; ++i) {
    held.push_back(std::make_unique<Client>(exposer.port()));
    held.back()->write("GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n");
    EXPECT_EQ(held.back()->read().status, 200);
  }
  Client sixth(exposer.port());
  EXPECT_TRUE(sixth.is_closed());
  held.front()->write("GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(held.front()->read().status, 200);
}

TEST(ExposerLimits, ManyIdleConnectionsLeaveScrapingAlone) {
  FixedSource source{{counter_family("apples", 3)}};
  const Exposer exposer({.listen = "127.0.0.1:0"}, source);
  std::vector<std::unique_ptr<Client>> idle;
  for (int i = 0; i < 400; ++i) {
    idle.push_back(std::make_unique<Client>(exposer.port()));
    if (i % 2 == 0) idle.back()->write("GET /metrics HTTP/1.1\r\nHo");
  }
  for (int i = 0; i < 20; ++i) EXPECT_THAT(fetch(exposer.port(), "/metrics").body, HasSubstr("apples_total 3"));
}

TEST(ExposerLimits, ScrapeTimeoutHeaderIsKeptWhileTheSourceHangs) {
  WaitingSource source;
  const Exposer exposer({.listen = "127.0.0.1:0"}, source);
  const auto begin = std::chrono::steady_clock::now();
  const Response response = fetch(exposer.port(), "/metrics", "X-Prometheus-Scrape-Timeout-Seconds: 0.5\r\n");
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr("scrape timeout"));
  EXPECT_GE(took, milliseconds(450));
  EXPECT_LT(took, milliseconds(3000));
  EXPECT_THAT(fetch(exposer.port(), "/backend").body, HasSubstr("weir_http_rejected_total{reason=\"timeout\"} 1\n"));
  source.release(1000);
}

TEST(ExposerLimits, UnusableScrapeTimeoutHeaderIsIgnored) {
  FixedSource source{{counter_family("apples", 3)}};
  const Exposer exposer({.listen = "127.0.0.1:0"}, source);
  for (const char* bad : {"soon", "-1", "nan", "1e400"}) {
    EXPECT_EQ(
        fetch(exposer.port(), "/metrics", std::string("X-Prometheus-Scrape-Timeout-Seconds: ") + bad + "\r\n").status,
        200);
  }
}

TEST(ExposerStop, ResponsesInFlightAreFinished) {
  WaitingSource source;
  auto exposer = std::make_unique<Exposer>(ExposerOptions{.listen = "127.0.0.1:0"}, source);
  const std::uint16_t port = exposer->port();
  Client client(port);
  client.write(kScrape);
  source.wait_until_began(1);
  auto stopping = std::async(std::launch::async, [&] { exposer.reset(); });
  // Connecting is refused as soon as the stop has begun.
  for (bool refused = false; !refused;) {
    try {
      const Client probe(port);
    } catch (const std::runtime_error&) {
      refused = true;
    }
  }
  source.release(1000);
  const Response response = client.read();
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("began_total 1\n"));
  EXPECT_TRUE(response.has("Connection: close")) << response.head;
  stopping.get();
}

TEST(ExposerStop, BigResponseBeingReadIsFinished) {
  FixedSource source = big_source();
  auto exposer = std::make_unique<Exposer>(ExposerOptions{.listen = "127.0.0.1:0"}, source);
  const std::uint16_t port = exposer->port();
  Client client(port);
  client.write(kScrape);
  while (fetch(port, "/backend").body.find("path=\"/metrics\"} 1\n") == std::string::npos) {
  }
  auto stopping = std::async(std::launch::async, [&] { exposer.reset(); });
  EXPECT_GT(client.read().body.size(), 16000000U);
  stopping.get();
}

TEST(ExposerStop, HangingSourceIsAnsweredForInTime) {
  WaitingSource source;
  auto exposer =
      std::make_unique<Exposer>(ExposerOptions{.listen = "127.0.0.1:0", .scrape_timeout = milliseconds(60000)}, source);
  Client client(exposer->port());
  client.write(kScrape);
  source.wait_until_began(1);
  auto stopping = std::async(std::launch::async, [&] { exposer.reset(); });
  EXPECT_EQ(client.read().status, 503);  // after the grace of 5 s
  source.release(1000);
  stopping.get();
}

TEST(ExposerStop, IdleConnectionsDoNotDelayIt) {
  FixedSource source{{}};
  auto exposer = std::make_unique<Exposer>(ExposerOptions{.listen = "127.0.0.1:0"}, source);
  Client idle(exposer->port());
  idle.write("GET /metr");
  const auto begin = std::chrono::steady_clock::now();
  exposer.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
  EXPECT_TRUE(idle.is_closed());
}

}  // namespace
}  // namespace weir
