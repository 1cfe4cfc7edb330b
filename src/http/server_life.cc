// How the server starts and stops, and its connections come and go.
#include <fmt/core.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <string>
#include <utility>

#include "http/request_check.h"
#include "http/server.h"
#include "weir/error.h"
#include "weir/log.h"

namespace weir {
namespace {

constexpr unsigned kEventThreads = 2;
constexpr std::size_t kEventThreadStack = 256 * 1024;
// The three together are the 5 s that the header promises.
constexpr std::chrono::milliseconds kStopGrace{4200};
constexpr std::chrono::milliseconds kRefusalGrace{500};
constexpr std::chrono::milliseconds kFlushGrace{300};
/// libmicrohttpd builds response headers in the memory that held the request; this much stays for them.
constexpr std::size_t kResponseHeaderRoom = 2048;

/// libmicrohttpd's own words: about single clients, so they are for debugging.
void log_from_library(void*, const char* format, va_list arguments) {
  std::array<char, 512> line{};
  const int size = std::vsnprintf(line.data(), line.size(), format, arguments);
  if (size <= 0) return;
  std::string_view text(line.data());
  while (text.ends_with('\n')) text.remove_suffix(1);
  log_line(LogLevel::debug, fmt::format("http: {}", text));
}

}  // namespace

Exposer::Impl::Impl(ExposerOptions given, Source& source, Source* backend, WriterView* writers)
    : options_(std::move(given)),
      settings_({options_.web_config_file, options_.tls.certificate_file, options_.tls.key_file,
                 options_.tls.client_ca_file, options_.tls.client_ca_directory,
                 options_.tls.client_certificate_required}),
      has_tls_(settings_.now()->tls != nullptr),
      socket_(parse_listen_address(options_.listen)),
      addresses_(options_.max_connections_per_address, options_.max_connections / 10),
      backend_(statistics_, settings_, passwords_, backend),
      connections_({options_.max_connections, options_.connection_timeout, options_.response_timeout}),
      metrics_gatherer_(source, &statistics_, options_.max_body_bytes, Api(source.describe(), writers)),
      backend_gatherer_(backend_, nullptr, options_.max_body_bytes, Api(source.describe(), writers)),
      gathering_of_(options_.max_requests_in_flight_per_address, options_.max_requests_in_flight / 4) {
  start_daemon();
  try {
    if (has_tls_) start_front();
  } catch (...) {
    MHD_stop_daemon(daemon_);  // its threads would outlive what they work on
    throw;
  }
}

void Exposer::Impl::start_front() {
  const auto adopt = [this](int fd, const sockaddr* address, socklen_t size) {
    return MHD_add_connection(daemon_, fd, address, size) == MHD_YES;
  };
  front_ = std::make_unique<TlsFront>(
      socket_.fd(), TlsFront::Limits{options_.max_connections, options_.connection_timeout, options_.response_timeout},
      addresses_,
      TlsFront::Hooks{[this] { return settings_.now()->tls; }, adopt,
                      [this](const char* reason) { statistics_.rejected(reason); }});
}

void Exposer::Impl::start_daemon() {
  // Time limits are Connections', so the library has none; the connection limit is on_accept's, the library's own (a
  // share for each thread, beyond which it stops accepting) only lies above it.
  const auto limit = static_cast<unsigned>(options_.max_connections + 64) * kEventThreads;
  // With TLS the front accepts.
  std::array<MHD_OptionItem, 2> listening{
      {{has_tls_ ? MHD_OPTION_END : MHD_OPTION_LISTEN_SOCKET, socket_.fd(), nullptr}, {MHD_OPTION_END, 0, nullptr}}};
  const unsigned front = has_tls_ ? static_cast<unsigned>(MHD_USE_NO_LISTEN_SOCKET) : 0U;
  daemon_ = MHD_start_daemon(
      front | MHD_USE_ERROR_LOG | MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC, 0, &on_accept,
      this, &on_request, this, MHD_OPTION_EXTERNAL_LOGGER, &log_from_library, nullptr, MHD_OPTION_ARRAY,
      listening.data(), MHD_OPTION_THREAD_POOL_SIZE, kEventThreads, MHD_OPTION_THREAD_STACK_SIZE, kEventThreadStack,
      MHD_OPTION_CONNECTION_LIMIT, limit, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
      options_.max_request_bytes + kResponseHeaderRoom, MHD_OPTION_CONNECTION_TIMEOUT, 0U, MHD_OPTION_STRICT_FOR_CLIENT,
      1, MHD_OPTION_NOTIFY_CONNECTION, &on_connection, this, MHD_OPTION_NOTIFY_COMPLETED, &on_completed, this,
      MHD_OPTION_URI_LOG_CALLBACK, &on_uri, this, MHD_OPTION_UNESCAPE_CALLBACK, &unescape, nullptr, MHD_OPTION_END);
  if (daemon_ == nullptr) throw StorageError(fmt::format("cannot start the HTTP server on {}", options_.listen));
}

Exposer::Impl::~Impl() {
  stopping_.store(true, std::memory_order_relaxed);
  if (front_ != nullptr) {
    front_->stop_accepting();
  } else {
    MHD_quiesce_daemon(daemon_);
  }
  socket_.refuse();
  {
    std::unique_lock lock(idle_mutex_);
    idle_.wait_for(lock, kStopGrace, [this] { return requests_ == 0; });
  }
  // The library must not be stopped while a connection is suspended: everything that still waits is settled now, and
  // what is submitted from here on at once.
  metrics_gatherer_.stop();
  backend_gatherer_.stop();
  passwords_.stop();
  {
    std::unique_lock lock(idle_mutex_);
    idle_.wait_for(lock, kRefusalGrace, [this] { return requests_ == 0; });
  }
  MHD_stop_daemon(daemon_);
  if (front_ != nullptr) front_->finish(kFlushGrace);
}

MHD_Result Exposer::Impl::on_accept(void* self, const sockaddr* address, socklen_t) {
  auto& impl = *static_cast<Impl*>(self);
  const bool has_room = impl.connections_.has_room();
  // With TLS the front has counted it.
  if (has_room && (impl.has_tls_ || impl.addresses_.has_room(client_address(address)))) return MHD_YES;
  impl.statistics_.rejected(has_room ? "address" : "connections");
  return MHD_NO;
}

void Exposer::Impl::on_connection(void* self, MHD_Connection* connection, void** context,
                                  MHD_ConnectionNotificationCode what) {
  auto& impl = *static_cast<Impl*>(self);
  if (what == MHD_CONNECTION_NOTIFY_STARTED) {
    const int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    const MHD_ConnectionInfo* from = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const std::string address = client_address(from == nullptr ? nullptr : from->client_addr);
    if (!impl.has_tls_) impl.addresses_.entered(address);
    *context = impl.connections_.opened(fd, address);
  } else if (*context != nullptr) {
    auto* gone = static_cast<Connections::Connection*>(std::exchange(*context, nullptr));
    if (!impl.has_tls_) impl.addresses_.left(gone->address);
    impl.connections_.closed(gone);
  }
}

}  // namespace weir
