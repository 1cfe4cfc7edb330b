// The exporter's HTTP server: libmicrohttpd does HTTP, this file's class decides what a request gets.
//
// A request goes: accept -> Connections (deadline) -> on_request: refused or plain answers go out at once; what needs a
// password computed or a collection is suspended, submitted to the PasswordCheck or a Gatherer, and resumed when
// settled. The event threads never wait for either. With TLS a TlsFront accepts, and hands plain connections on.
//
// Thread safety: callbacks run on libmicrohttpd's threads (two), all state is in thread-safe parts.
// Invariants: I4.
#pragma once

#include <microhttpd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string_view>

#include "http/address_counts.h"
#include "http/connections.h"
#include "http/gatherer.h"
#include "http/listen_address.h"
#include "http/statistics.h"
#include "http/tls_front.h"
#include "web_config/password_check.h"
#include "web_config/web_settings.h"
#include "weir/exposer.h"

namespace weir {

struct Exposer::Impl {
 public:
  Impl(ExposerOptions given, Source& source, Source* backend, WriterView* writers);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  std::uint16_t port() const noexcept { return socket_.port(); }
  bool has_tls() const noexcept { return has_tls_; }
  void reload() noexcept { settings_.reload(); }

 private:
  /// One request, from its headers to the last byte of its response.
  struct Request;

  static MHD_Result on_accept(void* self, const sockaddr* address, socklen_t size);
  static void on_connection(void* self, MHD_Connection* connection, void** context,
                            MHD_ConnectionNotificationCode what);
  /// The request line was read, its arguments were not.
  static void* on_uri(void* self, const char* uri, MHD_Connection* connection);
  static MHD_Result on_request(void* self, MHD_Connection* connection, const char* url, const char* method,
                               const char* version, const char* data, std::size_t* data_size, void** context);
  static void on_completed(void* self, MHD_Connection* connection, void** context, MHD_RequestTerminationCode how);

  MHD_Result begin(MHD_Connection* connection, std::string_view url, std::string_view method, const char* version,
                   void** context);
  MHD_Result decide(MHD_Connection* connection, Request& request);
  MHD_Result authorize(MHD_Connection* connection, Request& request);
  bool asks_password(const Request& request) const;
  MHD_Result gather(MHD_Connection* connection, Request& request, View view);
  /// The request waits for `pending`, until its deadline.
  void suspend(MHD_Connection* connection, Request& request, Ask ask);
  MHD_Result send(MHD_Connection* connection, Request& request, const Answer& answer, const char* allow = nullptr);
  std::chrono::milliseconds scrape_timeout(MHD_Connection* connection);
  void start_daemon();
  void start_front();

  // constant after construction
  const ExposerOptions options_;
  WebSettingsKeeper settings_;
  const bool has_tls_;
  ListenSocket socket_;
  MHD_Daemon* daemon_ = nullptr;

  Statistics statistics_;
  AddressCounts addresses_;
  PasswordCheck passwords_;
  BackendSource backend_;
  Connections connections_;
  Gatherer metrics_gatherer_;
  Gatherer backend_gatherer_;
  std::atomic<std::size_t> gathering_{0};  // relaxed: a limit, nothing is published through it
  AddressCounts gathering_of_;             ///< of each address
  std::atomic<bool> stopping_{false};      // relaxed: a hint for keep-alive

  /// When the last unusable timeout header was logged: clients must not fill the log. Relaxed: nothing is published
  /// through it.
  std::atomic<std::chrono::steady_clock::duration> bad_timeout_logged_{};

  std::unique_ptr<TlsFront> front_;  // with TLS only; constant after construction

  std::mutex idle_mutex_;
  std::condition_variable idle_;  // notified when a request is done
  std::size_t requests_ = 0;      // guarded by idle_mutex_
};

}  // namespace weir
