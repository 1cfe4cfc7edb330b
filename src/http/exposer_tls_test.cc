// TLS and passwords of the exporter from many threads at once; who gets in by which certificate is tests/e2e's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "http/sources_for_test.h"
#include "http/tls_client_for_test.h"
#include "weir/error.h"
#include "weir/exposer.h"

namespace weir {
namespace {

using test::counter_family;
using test::FixedSource;
using test::SelfSigned;
using test::TlsClient;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kAskTls = "GET /metrics HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";
// ada:secret, and bcrypt of it at cost 4
constexpr const char* kAskAsAda =
    "GET /metrics HTTP/1.1\r\nHost: t\r\nAuthorization: Basic YWRhOnNlY3JldA==\r\nConnection: close\r\n\r\n";
constexpr const char* kAdasHash = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";

ExposerOptions with_tls(const SelfSigned& identity) {
  ExposerOptions options{.listen = "127.0.0.1:0"};
  options.tls = {.certificate_file = identity.certificate(), .key_file = identity.key()};
  return options;
}

std::string answer_of(std::uint16_t port, std::string_view request) {
  const TlsClient client(port);
  client.write(request);
  return client.read_all();
}

TEST(ExposerTls, ServesOverTlsFromManyThreads) {
  const SelfSigned identity;
  FixedSource source{{counter_family("requests", 7)}};
  const Exposer exposer(with_tls(identity), source);
  EXPECT_TRUE(exposer.has_tls());
  std::atomic<int> good{0};
  std::vector<std::thread> clients;
  clients.reserve(8);
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      for (int j = 0; j < 5; ++j) good += answer_of(exposer.port(), kAskTls).starts_with("HTTP/1.1 200") ? 1 : 0;
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(good, 40);
}

TEST(ExposerTls, RenewedCertificateIsShownToNewConnections) {
  SelfSigned identity;
  FixedSource source{{}};
  Exposer exposer(with_tls(identity), source);
  const TlsClient standing(exposer.port());
  EXPECT_EQ(standing.serial(), 1);
  identity.renew(2);
  exposer.reload();
  long shown = 1;
  for (int i = 0; i < 5000 && shown == 1; ++i) shown = TlsClient(exposer.port()).serial();
  EXPECT_EQ(shown, 2);
  standing.write(kAskTls);
  EXPECT_THAT(standing.read_all(), StartsWith("HTTP/1.1 200"));
}

TEST(ExposerTls, PasswordsAreAskedForAndLookedUpAfterwards) {
  const SelfSigned identity;
  std::ofstream(identity.file("web.yml")) << "tls_server_config: {cert_file: own.crt, key_file: own.key}\n"
                                          << "basic_auth_users: {ada: " << kAdasHash << "}\n";
  ExposerOptions options{.listen = "127.0.0.1:0", .web_config_file = identity.file("web.yml")};
  options.health_without_password = true;
  FixedSource source{{counter_family("requests", 7)}};
  const Exposer exposer(options, source);
  EXPECT_THAT(answer_of(exposer.port(), kAskTls), StartsWith("HTTP/1.1 401"));
  std::atomic<int> good{0};
  std::vector<std::thread> clients;
  clients.reserve(8);
  for (int i = 0; i < 6; ++i) {
    clients.emplace_back([&] { good += answer_of(exposer.port(), kAskAsAda).starts_with("HTTP/1.1 200") ? 1 : 0; });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(good, 6);
  EXPECT_THAT(answer_of(exposer.port(), "GET /healthz HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"),
              HasSubstr("ok\n"));
}

TEST(ExposerTls, EndsWithHandshakesAndIdleConnectionsOpen) {
  const SelfSigned identity;
  FixedSource source{{}};
  auto exposer = std::make_unique<Exposer>(with_tls(identity), source);
  test::Client silent(exposer->port());
  const TlsClient idle(exposer->port());
  EXPECT_TRUE(idle.is_open());
  exposer.reset();
  EXPECT_EQ(idle.read_all(), "");
  EXPECT_TRUE(silent.is_closed());
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

TEST(ExposerTls, ClientThatReadsNothingIsCut) {
  MetricFamily family{{"big", MetricType::gauge, "", ""}, {}};
  for (int i = 0; i < 20000; ++i)
    family.samples.push_back({"big", {{"i", std::string(800, 'x') + std::to_string(i)}}, 1.0, {}});
  const SelfSigned identity;
  FixedSource source({family});
  ExposerOptions options = with_tls(identity);
  options.response_timeout = std::chrono::milliseconds(300);
  const Exposer exposer(options, source);
  const std::size_t before = open_descriptors();
  TlsClient client(exposer.port());
  client.write(kAskTls);
  ASSERT_TRUE(client.is_answered());  // from here on its answer is on the way
  // The server's three descriptors go; the client's own stays.
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (open_descriptors() > before + 1 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_EQ(open_descriptors(), before + 1);
}

TEST(ExposerTls, KeyUpdatesWithoutEndKeepNobodyWaiting) {
  const SelfSigned identity;
  FixedSource source{{counter_family("requests", 7)}};
  ExposerOptions options = with_tls(identity);
  options.connection_timeout = std::chrono::minutes(1);  // longer than the clients that are measured wait
  const Exposer exposer(options, source);
  std::atomic<bool> stop{false};
  std::atomic<int> updates{0};
  std::vector<std::thread> hostile;
  for (int i = 0; i < 2; ++i) {
    hostile.emplace_back([&] {
      const TlsClient client(exposer.port());
      while (!stop && client.update_key()) ++updates;
    });
  }
  while (updates < 1000) std::this_thread::yield();
  int answered = 0;
  while (answered < 20 && answer_of(exposer.port(), kAskTls).starts_with("HTTP/1.1 200")) ++answered;
  stop = true;
  for (std::thread& one : hostile) one.join();
  EXPECT_EQ(answered, 20);
}

TEST(ExposerTls, ConfigurationThatCannotBeUsedIsRefusedAtTheStart) {
  const SelfSigned identity;
  FixedSource source{{}};
  ExposerOptions options = with_tls(identity);
  options.tls.key_file = identity.file("none");
  EXPECT_THROW(Exposer(options, source), ConfigError);
}

}  // namespace
}  // namespace weir
