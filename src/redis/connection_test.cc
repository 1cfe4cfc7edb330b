#include "redis/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "redis/connections_for_test.h"
#include "redis/redis_server_for_test.h"
#include "redis/tcp_proxy_for_test.h"

namespace weir {
namespace {

using for_test::open_descriptors;
using for_test::RedisServer;
using for_test::run_commands;
using for_test::TcpProxy;
using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::unique_ptr<Connection> open(const RedisOptions& options) {
  return Connection::open(options.addresses.at(0), options);
}

/// What opening comes to: "" or the message, of an error of kind E.
template <typename E>
std::string failure_to_open(const RedisOptions& options) {
  try {
    open(options);
  } catch (const E& error) {
    return error.what();
  }
  return "opened";
}

/// A listener on a free loopback port, of which a test takes what comes or nothing.
class Listener {
 public:
  explicit Listener(int backlog) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(fd_, backlog), 0);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { ::close(fd_); }
  int fd() const { return fd_; }
  RedisOptions options() const {
    RedisOptions options;
    options.addresses = {{"127.0.0.1", port_, ""}};
    return options;
  }

 private:
  const int fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint16_t port_ = 0;
};

TEST(Connection, AnswersCommandsInOrder) {
  RedisServer server;
  auto connection = open(server.options());
  const auto replies = run_commands(*connection, {{"SET", "a", "1"}, {"INCR", "a"}, {"GET", "a"}, {"LPOP", "a"}});
  EXPECT_EQ(replies[0].text, "OK");
  EXPECT_EQ(replies[1].integer, 2);
  EXPECT_EQ(replies[2].text, "2");
  EXPECT_EQ(replies[3].error_code(), "WRONGTYPE");
  EXPECT_TRUE(connection->is_usable());
}

TEST(Connection, SpeaksOverAUnixSocket) {
  RedisServer server({.unix_socket_only = true});
  EXPECT_EQ(run_commands(*open(server.options()), {{"PING"}})[0].text, "PONG");
}

TEST(Connection, FindsTheServerByName) {
  RedisServer server;
  RedisOptions options = server.options();
  options.addresses[0].host = "localhost";
  EXPECT_EQ(run_commands(*open(options), {{"PING"}})[0].text, "PONG");
}

TEST(Connection, SelectsItsDatabase) {
  RedisServer server;
  RedisOptions options = server.options();
  options.db = 3;
  run_commands(*open(options), {{"SET", "a", "1"}});
  EXPECT_EQ(server.cli({"-n", "3", "GET", "a"}), "1");
  options.db = 99;
  EXPECT_THAT(failure_to_open<RedisConnectionError>(options),
              AllOf(HasSubstr(server.host_and_port()), HasSubstr("SELECT"), HasSubstr("out of range")));
}

TEST(Connection, SaysWhyThePasswordIsNotAccepted) {
  RedisServer server({.password = "open-sesame"});
  RedisOptions options = server.options();
  EXPECT_EQ(run_commands(*open(options), {{"PING"}})[0].text, "PONG");
  options.password = Secret("open-barley");
  EXPECT_THAT(failure_to_open<RedisAuthenticationError>(options),
              AllOf(HasSubstr(server.host_and_port()), HasSubstr("WRONGPASS"), Not(HasSubstr("barley"))));
  options.password = Secret();
  EXPECT_THAT(failure_to_open<RedisAuthenticationError>(options), HasSubstr("NOAUTH"));
}

TEST(Connection, APasswordForAServerWithoutOneIsRefused) {
  RedisServer server;
  RedisOptions options = server.options();
  options.password = Secret("barley");
  EXPECT_THAT(failure_to_open<RedisAuthenticationError>(options), Not(HasSubstr("barley")));
}

TEST(Connection, AServerWithoutAuthDoesNotTellThePassword) {
  RedisServer server({.arguments = {"--rename-command", "AUTH", ""}});
  RedisOptions options = server.options();
  options.password = Secret("barley");
  EXPECT_THAT(failure_to_open<RedisAuthenticationError>(options), Not(HasSubstr("barley")));
}

TEST(Connection, AUserMayDoWhatItsRightsAllow) {
  RedisServer server;
  server.cli({"ACL", "SETUSER", "weir", "on", ">secret", "~weir:*", "+set", "+get"});
  RedisOptions options = server.options();
  options.username = "weir";
  options.password = Secret("secret");
  const auto replies = run_commands(*open(options), {{"SET", "weir:a", "1"}, {"SET", "b", "1"}, {"DEL", "weir:a"}});
  EXPECT_EQ(replies[0].text, "OK");
  EXPECT_EQ(replies[1].error_code(), "NOPERM");
  EXPECT_EQ(replies[2].error_code(), "NOPERM");
  EXPECT_THROW(replies[2].throw_if_bad("DEL"), RedisAuthenticationError);
  options.username = "nobody";
  EXPECT_THAT(failure_to_open<RedisAuthenticationError>(options), HasSubstr("WRONGPASS"));
}

TEST(Connection, RefusedIsAConnectionError) {
  RedisOptions options;
  options.addresses = {{"127.0.0.1", for_test::free_port(), ""}};
  EXPECT_THAT(
      failure_to_open<RedisConnectionError>(options),
      AllOf(HasSubstr(to_string(options.addresses[0])), HasSubstr("Connection refused; nothing listens there: start")));
  options.addresses = {{"", 0, "/nonexistent/socket"}};
  EXPECT_THAT(failure_to_open<RedisConnectionError>(options), HasSubstr("No such file or directory; nothing listens"));
  options.addresses = {{"no-such-host.invalid", 6379, ""}};
  EXPECT_THAT(failure_to_open<RedisConnectionError>(options), HasSubstr("no-such-host.invalid"));
}

TEST(Connection, TooManyClientsIsAConnectionError) {
  RedisServer server;
  auto first = open(server.options());
  run_commands(*first, {{"CONFIG", "SET", "maxclients", "1"}});
  EXPECT_THAT(failure_to_open<RedisConnectionError>(server.options()), HasSubstr("max number of clients"));
}

TEST(Connection, AFullBacklogIsATimeout) {
  const Listener listener(0);
  std::vector<std::thread> others;
  RedisOptions options = listener.options();
  options.connect_timeout = milliseconds(1000);
  for (int i = 0; i < 4; ++i) {  // nobody accepts: two have a connection and no answer, two have none
    others.emplace_back([&] { EXPECT_THROW(open(options), RedisTimeoutError); });
  }
  ::usleep(200'000);
  RedisOptions late = options;
  late.connect_timeout = milliseconds(300);
  EXPECT_THAT(failure_to_open<RedisTimeoutError>(late), HasSubstr("no connection within the connect timeout"));
  for (std::thread& other : others) other.join();
}

TEST(Connection, AServerThatDoesNotAnswerIsATimeout) {
  RedisServer server;
  RedisOptions options = server.options();
  options.connect_timeout = options.reply_timeout = milliseconds(300);
  auto connection = open(options);
  server.pause();
  EXPECT_THAT(failure_to_open<RedisTimeoutError>(options), HasSubstr(server.host_and_port()));
  const auto replies = run_commands(*connection, {{"PING"}, {"PING"}});
  for (const RedisReply& reply : replies) {
    EXPECT_TRUE(reply.is_failure());
    EXPECT_EQ(reply.failure, RedisReply::Failure::timeout);
    EXPECT_THAT(reply.text, AllOf(HasSubstr(server.host_and_port()), HasSubstr("300 ms")));
  }
  server.resume();
  EXPECT_FALSE(connection->is_usable()) << "a late answer would be taken for the next command's";
}

TEST(Connection, WhatIsNoRedisIsAProtocolError) {
  const Listener listener(1);
  std::thread server([&] {
    const int fd = ::accept(listener.fd(), nullptr, nullptr);
    const std::string_view answer = "HTTP/1.1 400 Bad Request\r\n\r\n";
    ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
    char byte;
    while (::recv(fd, &byte, 1, 0) > 0) {
    }
    ::close(fd);
  });
  EXPECT_THAT(failure_to_open<RedisProtocolError>(listener.options()), HasSubstr("HTTP/1.1"));
  server.join();
}

TEST(Connection, KeepsTheRepliesBeforeABreak) {
  RedisServer server;
  auto connection = open(server.options());
  const auto replies =
      run_commands(*connection, {{"SET", "a", "1"}, {"GET", "a"}, {"QUIT"}, {"GET", "a"}, {"GET", "a"}});
  EXPECT_EQ(replies[0].text, "OK");
  EXPECT_EQ(replies[1].text, "1");
  EXPECT_EQ(replies[2].text, "OK");
  EXPECT_TRUE(replies[3].is_failure());
  EXPECT_EQ(replies[3].failure, RedisReply::Failure::connection);
  EXPECT_THAT(replies[3].text, HasSubstr(server.host_and_port()));
  EXPECT_TRUE(replies[4].is_failure());
  EXPECT_FALSE(connection->is_usable());
}

TEST(Connection, AServerKilledInMidPipelineFailsTheRestWithoutASignal) {
  RedisServer server;
  auto connection = open(server.options());
  std::vector<std::vector<std::string>> commands(2'000, {"SET", "key", std::string(10'000, 'x')});
  commands[1] = {"BLPOP", "nothing", "0"};  // the server takes no more from here on, and we cannot send all
  std::thread killer([&] {
    EXPECT_TRUE(for_test::wait_for_true([&] { return server.cli({"EXISTS", "key"}) == "1"; }));
    server.kill();
  });
  const auto replies = run_commands(*connection, commands);
  killer.join();
  EXPECT_EQ(replies.front().text, "OK");
  ASSERT_TRUE(replies.back().is_failure());
  EXPECT_EQ(replies.back().failure, RedisReply::Failure::connection);
  EXPECT_TRUE(run_commands(*connection, {{"PING"}})[0].is_failure());
}

TEST(Connection, CutBetweenRequestAndReplyTheRequestStands) {
  RedisServer server;
  TcpProxy proxy(server.port());
  RedisOptions options = server.options();
  options.addresses[0].port = proxy.port();
  auto connection = open(options);
  proxy.on_reply(TcpProxy::Then::cut);
  const auto replies = run_commands(*connection, {{"INCR", "a"}});
  EXPECT_EQ(replies[0].failure, RedisReply::Failure::connection);
  EXPECT_TRUE(replies[0].is_failure());
  EXPECT_EQ(server.cli({"GET", "a"}), "1");
}

TEST(Connection, APipelineLargerThanAllBuffersDoesNotDeadlock) {
  RedisServer server;
  auto connection = open(server.options());
  const std::string value(1000, 'v');
  std::vector<std::vector<std::string>> commands(100'000, {"ECHO", value});
  const auto replies = run_commands(*connection, commands);
  for (const RedisReply& reply : replies) ASSERT_EQ(reply.text, value);
  EXPECT_TRUE(connection->is_usable());
}

TEST(Connection, NoticesThatTheServerHasClosedIt) {
  RedisServer server;
  auto connection = open(server.options());
  EXPECT_TRUE(connection->is_usable());
  server.restart();
  EXPECT_TRUE(for_test::wait_for_true([&] { return !connection->is_usable(); }));
}

TEST(Connection, LeaksNoDescriptor) {
  RedisServer server({.password = "secret"});
  RedisOptions wrong = server.options();
  wrong.password = Secret("other");
  { auto first = open(server.options()); }
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 20; ++i) {
    auto connection = open(server.options());
    EXPECT_GT(open_descriptors(), before);
    EXPECT_THROW(open(wrong), RedisAuthenticationError);
  }
  auto abandoned = open(server.options());
  abandoned->abandon();
  EXPECT_FALSE(abandoned->is_usable());
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace weir
