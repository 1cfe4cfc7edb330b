// Connections under TLS, against a redis-server that speaks nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redis/connection.h"
#include "redis/connections_for_test.h"
#include "redis/redis_server_for_test.h"
#include "weir/redis_error.h"

namespace weir {
namespace {

using for_test::RedisServer;
using for_test::run_commands;
using for_test::TlsFiles;
using for_test::TlsIdentity;
using testing::AllOf;
using testing::HasSubstr;

class ConnectionTls : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    files_ = std::make_unique<TlsFiles>();
    for_localhost_ = files_->issue("server", "DNS:localhost,IP:127.0.0.1");
  }
  static void TearDownTestSuite() { files_.reset(); }

  static TlsIdentity for_localhost() { return for_localhost_; }
  static std::unique_ptr<Connection> open(const RedisOptions& options) {
    return Connection::open(options.addresses.at(0), options);
  }
  static std::string refusal(const RedisOptions& options) {
    try {
      open(options);
    } catch (const RedisConnectionError& error) {
      return error.what();
    }
    return "opened";
  }
  static inline std::unique_ptr<TlsFiles> files_;
  static inline TlsIdentity for_localhost_;
};

TEST_F(ConnectionTls, ACertificateForTheAddressIsAccepted) {
  RedisServer server({.password = "secret", .tls = for_localhost()});
  EXPECT_EQ(run_commands(*open(server.options()), {{"SET", "a", "1"}})[0].text, "OK");
  RedisOptions by_name = server.options();
  by_name.addresses[0].host = "localhost";
  EXPECT_EQ(run_commands(*open(by_name), {{"GET", "a"}})[0].text, "1");
}

TEST_F(ConnectionTls, AnUnknownCaIsRefused) {
  RedisServer server({.tls = for_localhost()});
  const TlsFiles other;
  RedisOptions options = server.options();
  options.tls.ca_file = other.ca_file();
  EXPECT_THAT(refusal(options), AllOf(HasSubstr(server.host_and_port()), HasSubstr("certificate")));
  options.tls.ca_file.clear();  // the system's do not know ours either
  EXPECT_THAT(refusal(options), HasSubstr("certificate"));
  options.tls.ca_file = "/nonexistent/ca.pem";
  EXPECT_THAT(refusal(options), AllOf(HasSubstr("/nonexistent/ca.pem"), HasSubstr("No such file")));
  options.tls.ca_file = "/dev/null";  // as a FIFO, which would be waited for
  EXPECT_THAT(refusal(options), AllOf(HasSubstr("/dev/null"), HasSubstr("no regular file")));
}

TEST_F(ConnectionTls, AnotherHostsCertificateIsRefused) {
  RedisServer server({.tls = files_->issue("other", "DNS:other.example.com,IP:127.0.0.2")});
  RedisOptions options = server.options();
  EXPECT_THAT(refusal(options), AllOf(HasSubstr("'127.0.0.1'"), HasSubstr("IP address mismatch")));
  options.addresses[0].host = "localhost";
  EXPECT_THAT(refusal(options), AllOf(HasSubstr("'localhost'"), HasSubstr("ostname mismatch")));
  options.tls.server_name = "other.example.com";
  EXPECT_EQ(run_commands(*open(options), {{"PING"}})[0].text, "PONG");
}

TEST_F(ConnectionTls, AnExpiredCertificateIsRefused) {
  RedisServer server({.tls = files_->issue("expired", "DNS:localhost,IP:127.0.0.1", -1)});
  EXPECT_THAT(refusal(server.options()), AllOf(HasSubstr(server.host_and_port()), HasSubstr("expired")));
}

TEST_F(ConnectionTls, AServerThatAsksForACertificateGetsOurs) {
  RedisServer server({.tls = for_localhost(), .tls_client_certificate = true});
  RedisOptions options = server.options();
  EXPECT_THAT(refusal(options), HasSubstr("certificate required"));
  const TlsIdentity client = files_->issue("client", "DNS:client");
  options.tls.cert_file = client.cert_file;
  options.tls.key_file = client.key_file;
  EXPECT_EQ(run_commands(*open(options), {{"PING"}})[0].text, "PONG");
  options.tls.key_file = for_localhost().key_file;
  EXPECT_THAT(refusal(options), HasSubstr(for_localhost().key_file));
}

TEST_F(ConnectionTls, AServerWithoutTlsFailsTheHandshake) {
  RedisServer server;
  RedisOptions options = server.options();
  options.tls.enabled = true;
  options.connect_timeout = std::chrono::milliseconds(1000);  // it waits for the end of a line
  EXPECT_THROW(open(options), RedisError);
}

TEST_F(ConnectionTls, APipelineLargerThanAllBuffersDoesNotDeadlock) {
  RedisServer server({.arguments = {"--loglevel", "verbose"}, .tls = for_localhost()});
  auto connection = open(server.options());
  const std::string value(10'000, 'v');
  const std::vector<std::vector<std::string>> commands(5'000, {"ECHO", value});
  for (const RedisReply& reply : run_commands(*connection, commands)) {
    // redis-server 7.0 on a busy machine repeats an SSL_write with fewer bytes, and cuts the line for OpenSSL's
    // refusal. That ends the pipeline, too, and is told as what it is.
    if (reply.is_failure() && server.log().find("SSL routines::bad length") != std::string::npos) {
      EXPECT_EQ(reply.failure, RedisReply::Failure::connection) << reply.text;
      EXPECT_FALSE(connection->is_usable());
      return;
    }
    ASSERT_TRUE(reply.text == value) << reply.text.substr(0, 200) << '\n' << server.log();
  }
  EXPECT_TRUE(connection->is_usable());
}

TEST_F(ConnectionTls, AKilledServerFailsTheRestWithoutASignal) {
  RedisServer server({.tls = for_localhost()});
  auto connection = open(server.options());
  std::vector<std::vector<std::string>> commands(2'000, {"SET", "key", std::string(10'000, 'x')});
  commands[1] = {"BLPOP", "nothing", "0"};
  std::thread killer([&] {
    EXPECT_TRUE(for_test::wait_for_true([&] { return server.cli({"EXISTS", "key"}) == "1"; }));
    server.kill();
  });
  const auto replies = run_commands(*connection, commands);
  killer.join();
  EXPECT_EQ(replies.front().text, "OK");
  ASSERT_TRUE(replies.back().is_failure());
  EXPECT_EQ(replies.back().failure, RedisReply::Failure::connection);
  EXPECT_FALSE(connection->is_usable());
}

TEST_F(ConnectionTls, NoticesThatTheServerHasClosedIt) {
  RedisServer server({.tls = for_localhost()});
  auto connection = open(server.options());
  EXPECT_TRUE(connection->is_usable());
  server.stop();
  EXPECT_TRUE(for_test::wait_for_true([&] { return !connection->is_usable(); }));
}

TEST_F(ConnectionTls, AbandonedInAForkedChildTheParentsGoesOn) {
  RedisServer server({.tls = for_localhost()});
  auto connection = open(server.options());
  const pid_t child = ::fork();
  if (child == 0) {
    connection.reset();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(run_commands(*connection, {{"PING"}})[0].text, "PONG");
}

}  // namespace
}  // namespace weir
