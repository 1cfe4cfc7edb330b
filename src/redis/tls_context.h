// OpenSSL's settings of a client, from RedisTls, and OpenSSL's errors in words.
//
// Thread safety: pure functions; errors are the calling thread's.
#pragma once

#include <memory>
#include <string>

#include "weir/redis_options.h"

struct ssl_ctx_st;

namespace weir {

struct FreeTlsContext {
  void operator()(ssl_ctx_st* context) const noexcept;
};
using TlsContext = std::unique_ptr<ssl_ctx_st, FreeTlsContext>;

/// Throws RedisConnectionError naming the file that cannot be used.
TlsContext make_tls_context(const RedisTls& tls);
/// Before each call of OpenSSL whose failure tls_words() is to explain.
void begin_tls_call() noexcept;
/// What failed in OpenSSL last.
std::string tls_words();

}  // namespace weir
