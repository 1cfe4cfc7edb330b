// A real redis-server for tests, on a free loopback port and in a directory of its own, gone with its object.
//
//   RedisServer server;                                            // or RedisServer server({.password = "secret"});
//   auto client = make_redis_client(server.options());             // or parse_redis_url(server.url())
//   server.pause(); … server.resume(); server.kill(); server.restart();
//   EXPECT_EQ(server.cli({"GET", "key"}), "value");
//
// It keeps nothing across a restart, unless arguments hold --appendonly yes.
#pragma once

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "redis/child_process_for_test.h"
#include "redis/tls_files_for_test.h"
#include "weir/redis_options.h"

namespace weir::for_test {

struct RedisServerOptions {
  std::vector<std::string> arguments{};  ///< as on redis-server's command line: {"--maxmemory", "1mb"}
  std::string password{};                ///< --requirepass
  bool unix_socket_only = false;
  TlsIdentity tls{};                     ///< with a certificate: speaks TLS alone
  bool tls_client_certificate = false;   ///< asks the clients for theirs
  std::string program = "redis-server";  ///< or valkey-server
};

class RedisServer {
 public:
  explicit RedisServer(RedisServerOptions options = {}) : options_(std::move(options)) {
    for (int attempt = 0; attempt < 5; ++attempt) {
      port_ = free_port();
      if (start()) return;  // else somebody took the port first
    }
    throw std::runtime_error("redis-server does not start: " + log());
  }

  std::uint16_t port() const { return port_; }
  pid_t pid() const { return process_.pid(); }
  std::string socket_path() const { return dir_ / "socket"; }
  std::string host_and_port() const { return "127.0.0.1:" + std::to_string(port_); }
  RedisAddress address() const {
    if (options_.unix_socket_only) return {"", 0, socket_path()};
    return {"127.0.0.1", port_, ""};
  }
  std::string url() const {
    const std::string user = options_.password.empty() ? "" : ":" + options_.password + "@";
    if (options_.unix_socket_only) return "redis+unix://" + user + socket_path();
    return (has_tls() ? "rediss://" : "redis://") + user + host_and_port();
  }
  /// To reach it: address, password, the CA of its certificate.
  RedisOptions options() const {
    RedisOptions result;
    result.addresses = {address()};
    result.password = Secret(options_.password);
    result.tls.enabled = has_tls();
    result.tls.ca_file = options_.tls.ca_file;
    return result;
  }

  void stop() { process_.stop(); }
  void kill() { process_.kill(); }
  /// Stops it if it runs; then starts it again, same port.
  void restart() {
    stop();
    if (!start()) throw std::runtime_error("redis-server does not start again: " + log());
  }
  void pause() { process_.signal(SIGSTOP); }
  void resume() { process_.signal(SIGCONT); }

  /// What redis-cli prints for a command, without the last line end.
  std::string cli(const std::vector<std::string>& arguments) const {
    std::vector<std::string> command{"redis-cli", "--no-auth-warning"};
    if (options_.unix_socket_only) {
      command.insert(command.end(), {"-s", socket_path()});
    } else {
      command.insert(command.end(), {"-p", std::to_string(port_)});
    }
    if (!options_.password.empty()) command.insert(command.end(), {"-a", options_.password});
    if (has_tls()) {
      command.insert(command.end(), {"--tls", "--cacert", options_.tls.ca_file, "--cert", options_.tls.cert_file,
                                     "--key", options_.tls.key_file});
    }
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run_program(command).second;
  }
  std::string log() const {
    std::ostringstream text;
    text << std::ifstream(dir_ / "log").rdbuf();
    return text.str();
  }

 private:
  bool has_tls() const { return !options_.tls.cert_file.empty(); }
  std::vector<std::string> command_line() const {
    const std::string port = std::to_string(port_);
    std::vector<std::string> command{options_.program, "--save", "", "--dir", dir_.path(), "--bind", "127.0.0.1"};
    command.insert(command.end(), {"--daemonize", "no", "--repl-diskless-sync-delay", "0"});
    if (options_.unix_socket_only) {
      command.insert(command.end(), {"--port", "0", "--unixsocket", socket_path()});
    } else if (has_tls()) {
      command.insert(command.end(),
                     {"--port", "0", "--tls-port", port, "--tls-cert-file", options_.tls.cert_file, "--tls-key-file",
                      options_.tls.key_file, "--tls-ca-cert-file", options_.tls.ca_file, "--tls-auth-clients",
                      options_.tls_client_certificate ? "yes" : "no"});
    } else {
      command.insert(command.end(), {"--port", port});
    }
    if (!options_.password.empty()) command.insert(command.end(), {"--requirepass", options_.password});
    command.insert(command.end(), options_.arguments.begin(), options_.arguments.end());
    return command;
  }
  /// True once it answers; false when it ended instead.
  bool start() {
    std::filesystem::remove(dir_ / "log");
    process_.start(command_line(), dir_ / "log");
    for (int i = 0; i < 3000; ++i) {
      if (process_.has_ended()) return false;
      if (log().find("eady to accept connections") != std::string::npos) return true;
      ::usleep(10'000);
    }
    throw std::runtime_error("redis-server is not ready after 30 s: " + log());
  }

  RedisServerOptions options_;
  TempDir dir_;
  std::uint16_t port_ = 0;
  ChildProcess process_;
};

}  // namespace weir::for_test
