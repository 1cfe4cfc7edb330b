// What Redis work throws, and how it is tried again.
//
//   double total = weir::with_retry([&] { return dict.read_value(key).first; });
//
// A message names the operation, the server and the cause, and never holds a password.
// Thread safety: values; with_retry is as safe as the function it calls.
#pragma once

#include <chrono>
#include <string>
#include <thread>

#include "weir/error.h"

namespace weir {

/// Base of everything that went wrong between this process and a Redis.
class RedisError : public Error {
  using Error::Error;
};

/// No connection, or one that broke: refused, reset, unknown host, failed TLS handshake, no master, cluster down.
class RedisConnectionError : public RedisError {
  using RedisError::RedisError;
};

/// No answer within the time allowed, on connect or on a reply.
class RedisTimeoutError : public RedisError {
  using RedisError::RedisError;
};

/// Wrong password or user, no permission, or a server that wants a password and got none. Never tried again.
class RedisAuthenticationError : public RedisError {
  using RedisError::RedisError;
};

/// An error the server answered: `WRONGTYPE …`, `OOM …`, `READONLY …`, with its words.
class RedisReplyError : public RedisError {
  using RedisError::RedisError;
};

/// Bytes that are not RESP, or a reply that is not of the kind the command gives.
class RedisProtocolError : public RedisError {
  using RedisError::RedisError;
};

/// Calls `function` up to `max_retries` times, waiting `delay`, 2 `delay`, 4 `delay`, … after failures of connection
/// or time; the last failure is thrown, all others at once.
template <typename Function>
auto with_retry(Function&& function, int max_retries = 3,
                std::chrono::duration<double> delay = std::chrono::seconds(1)) {
  for (int attempt = 0;; ++attempt) {
    try {
      return function();
    } catch (const RedisConnectionError&) {
      if (attempt + 1 >= max_retries) throw;
    } catch (const RedisTimeoutError&) {
      if (attempt + 1 >= max_retries) throw;
    }
    std::this_thread::sleep_for(delay * static_cast<double>(1 << (attempt < 20 ? attempt : 20)));
  }
}

}  // namespace weir
