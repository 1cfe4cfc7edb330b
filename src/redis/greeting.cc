#include "redis/greeting.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <vector>

#include "redis/exchange.h"
#include "weir/redis_error.h"

namespace weir {
namespace {

struct Greeting {
  std::string bytes;
  std::vector<std::string> names;  // of the commands
  void add(std::vector<std::string> command) {
    append_command(bytes, command);
    names.push_back(command[0]);
    for (std::string& word : command) ::OPENSSL_cleanse(word.data(), word.size());
  }
};

Greeting make_greeting(const RedisOptions& options) {
  Greeting greeting;
  greeting.bytes.reserve(256 + options.username.size() + options.password.reveal().size());  // no copies left behind
  if (!options.password.empty() || !options.username.empty()) {
    std::vector<std::string> command;
    command.reserve(3);
    command.emplace_back("AUTH");
    if (!options.username.empty()) command.push_back(options.username);
    command.push_back(options.password.reveal());
    greeting.add(std::move(command));
  }
  if (options.db != 0) greeting.add({"SELECT", std::to_string(options.db)});
  // Learns here, not at the first command, that the server wants a password or a client certificate.
  greeting.add({"PING"});
  return greeting;
}

/// True for errors that say who may come in, false for those of a server that is not ready (LOADING, too many clients).
bool is_about_access(std::string_view command, const RedisReply& reply) {
  const std::string_view code = reply.error_code();
  if (code == "NOAUTH" || code == "WRONGPASS" || code == "NOPERM") return true;
  return reply.text.find("invalid password") != std::string::npos ||
         (command == "AUTH" && code == "ERR" && reply.text.find("max number of clients") == std::string::npos);
}

/// A server that does not know AUTH repeats its arguments.
std::string_view without(const Secret& password, std::string_view words) {
  const bool tells = !password.empty() && words.find(password.reveal()) != std::string_view::npos;
  return tells ? "(an answer that repeats the password)" : words;
}

void check(std::string_view command, const RedisReply& reply, const std::string& name, const RedisOptions& options) {
  if (reply.is_good()) return;
  const bool is_access = is_about_access(command, reply);
  const std::string_view code = reply.error_code();
  // PING asks for no more than an answer: an account may lack the right to it, a server may still be loading.
  if (command == "PING" && code != "NOAUTH" && code != "DENIED" && code != "ERR") return;
  const std::string message =
      fmt::format("connect to {}: {} refused: {}", name, command, without(options.password, reply.text));
  if (is_access) throw RedisAuthenticationError(message);
  throw RedisConnectionError(message);
}

}  // namespace

void greet(Stream& stream, RespParser& parser, const std::string& name, const RedisOptions& options,
           Deadline deadline) {
  Greeting greeting = make_greeting(options);
  std::vector<RedisReply> replies(greeting.names.size());
  Exchange exchange(stream, parser, replies);
  const auto check_answered = [&] {
    for (std::size_t i = 0; i < exchange.answered(); ++i) check(greeting.names[i], replies[i], name, options);
  };
  try {
    exchange.run(std::move(greeting.bytes), {}, {options.connect_timeout, deadline});
  } catch (const RedisTimeoutError&) {
    check_answered();
    throw RedisTimeoutError(fmt::format("connect to {}: no answer within the connect timeout", name));
  } catch (const RedisProtocolError& error) {
    throw RedisProtocolError(fmt::format("connect to {}: {}", name, without(options.password, error.what())));
  } catch (const RedisConnectionError& error) {
    check_answered();  // `max number of clients reached`, and then it closes
    throw RedisConnectionError(fmt::format("connect to {}: {}", name, error.what()));
  }
  check_answered();
}

}  // namespace weir
