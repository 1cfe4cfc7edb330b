#include "http/server.h"

#include <fmt/core.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "http/api_query.h"
#include "http/page_bundle.h"
#include "http/request_check.h"
#include "web_config/basic_auth.h"
#include "weir/error.h"
#include "weir/exposition.h"
#include "weir/log.h"

namespace weir {
namespace {

constexpr unsigned kEventThreads = 2;
constexpr std::size_t kEventThreadStack = 256 * 1024;
// The three together are the 5 s that the header promises.
constexpr std::chrono::milliseconds kStopGrace{4200};
constexpr std::chrono::milliseconds kRefusalGrace{500};
constexpr std::chrono::milliseconds kFlushGrace{300};
constexpr std::chrono::seconds kBadTimeoutLogGap{60};
/// libmicrohttpd builds response headers in the memory that held the request; this much stays for them.
constexpr std::size_t kResponseHeaderRoom = 2048;
/// Status of an answer no client sees: the password is right, the request goes on.
constexpr unsigned kGoOn = MHD_HTTP_CONTINUE;
/// What there is, for who asked for what there is not.
const char* paths_with(PageKind page) {
  if (page == PageKind::live) return "/metrics, /backend, /healthz, /readyz, /api/v1/series and /";
  return page == PageKind::plain ? "/metrics, /backend, /healthz, /readyz and /"
                                 : "/metrics, /backend, /healthz and /readyz";
}

Route route_of(std::string_view url) {
  if (url == "/metrics") return Route::metrics;
  if (url == "/healthz") return Route::healthz;
  if (url == "/readyz") return Route::readyz;
  if (url == "/backend") return Route::backend;
  if (url == "/") return Route::page;
  if (api_view(url)) return Route::api;
  return Route::other;
}

/// All values of a header in one, as HTTP lets a list be split over several lines.
std::string header(MHD_Connection* connection, const char* name) {
  struct Wanted {
    std::string_view name;
    std::string value;
  } wanted{name, {}};
  const auto add = [](void* context, MHD_ValueKind, const char* key, const char* value) -> MHD_Result {
    auto& out = *static_cast<Wanted*>(context);
    const std::string_view have = key;
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    if (have.size() != out.name.size() || value == nullptr) return MHD_YES;
    for (std::size_t i = 0; i < have.size(); ++i) {
      if (lower(have[i]) != lower(out.name[i])) return MHD_YES;
    }
    if (!out.value.empty()) out.value += ", ";
    out.value += value;
    return MHD_YES;
  };
  MHD_get_connection_values(connection, MHD_HEADER_KIND, add, &wanted);
  return std::move(wanted.value);
}

/// The arguments of the query.
std::vector<QueryArgument> arguments_of(MHD_Connection* connection) {
  std::vector<QueryArgument> arguments;
  const auto add = [](void* context, MHD_ValueKind, const char* key, std::size_t key_size, const char* value,
                      std::size_t value_size) -> MHD_Result {
    static_cast<std::vector<QueryArgument>*>(context)->emplace_back(
        std::string(key, key_size), value == nullptr ? "" : std::string(value, value_size));
    return MHD_YES;
  };
  MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, add, &arguments);
  return arguments;
}

/// The families that /metrics is asked for.
std::vector<std::string> names_of(MHD_Connection* connection) {
  std::vector<std::string> names;
  for (auto& [name, value] : arguments_of(connection)) {
    if (name == "name[]" && !value.empty()) names.push_back(std::move(value));
  }
  return names;
}

Answer not_found(PageKind page) {
  return plain_answer(404, fmt::format("Nothing is at this path; there are {}.\n", paths_with(page)));
}

bool has_body(MHD_Connection* connection) {
  const std::string length = header(connection, "Content-Length");
  return (!length.empty() && length != "0") || !header(connection, "Transfer-Encoding").empty();
}

/// libmicrohttpd's own words: about single clients, so they are for debugging.
void log_from_library(void*, const char* format, va_list arguments) {
  std::array<char, 512> line{};
  const int size = std::vsnprintf(line.data(), line.size(), format, arguments);
  if (size <= 0) return;
  std::string_view text(line.data());
  while (text.ends_with('\n')) text.remove_suffix(1);
  log_line(LogLevel::debug, fmt::format("http: {}", text));
}

/// Wakes the connection that was suspended for it.
class SuspendedRequest : public Pending {
 public:
  SuspendedRequest(Ask ask, Clock::time_point deadline, MHD_Connection* connection)
      : Pending(std::move(ask), deadline), connection_(connection) {}

 private:
  void wake() override { MHD_resume_connection(connection_); }
  MHD_Connection* const connection_;
};

/// A response that shares the body; libmicrohttpd lets go of it after the last byte.
MHD_Response* response_of(const std::shared_ptr<const std::string>& body) {
  using Holder = std::shared_ptr<const std::string>;
  auto holder = std::make_unique<Holder>(body);
  const auto let_go = [](void* held) { delete static_cast<Holder*>(held); };
  MHD_Response* response = MHD_create_response_from_buffer_with_free_callback_cls(
      body->size(), const_cast<char*>(body->data()), let_go, holder.get());
  if (response != nullptr) static_cast<void>(holder.release());
  return response;
}

Answer password_refused() {
  Answer answer = plain_answer(401, "A user and password are needed here (basic authentication).\n");
  answer.rejected = "password";
  return answer;
}

Answer verdict_answer(PasswordVerdict verdict) {
  switch (verdict) {
    case PasswordVerdict::right:
      return plain_answer(kGoOn, "");
    case PasswordVerdict::wrong:
      return password_refused();
    case PasswordVerdict::stopped:
      break;
  }
  return plain_answer(503, "This exporter is stopping.\n");
}

/// Stands for the request, between its first line and begin(), whose arguments are left out.
char too_many_arguments = 0;

Connections::Connection* connection_of(MHD_Connection* connection) {
  const MHD_ConnectionInfo* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return static_cast<Connections::Connection*>(info->socket_context);
}

}  // namespace

struct Exposer::Impl::Request {
  Route route = Route::other;
  View view = View::exposition;  ///< of Route::api: which
  bool known_method = true;
  bool is_malformed = false;                    ///< what follows on its connection is not looked at
  bool counted = false;                         ///< among gathering_
  bool authorized = false;                      ///< its password was right
  std::shared_ptr<const WebSettings> settings;  ///< in force when it came
  std::shared_ptr<Pending> pending;
};

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

void* Exposer::Impl::on_uri(void* self, const char* uri, MHD_Connection*) {
  if (has_room_for_arguments(uri, static_cast<Impl*>(self)->options_.max_request_bytes)) return nullptr;
  leave_out_arguments(uri);
  return &too_many_arguments;
}

MHD_Result Exposer::Impl::on_request(void* self, MHD_Connection* connection, const char* url, const char* method,
                                     const char*, const char*, std::size_t*, void** context) {
  auto& impl = *static_cast<Impl*>(self);
  if (*context == nullptr || *context == &too_many_arguments) return impl.begin(connection, url, method, context);
  auto& request = *static_cast<Request*>(*context);
  if (request.pending == nullptr) return impl.decide(connection, request);
  std::optional<Answer> answer = request.pending->take();
  // Called again while still waiting: stay suspended.
  if (!answer) return MHD_YES;
  if (answer->status != kGoOn) return impl.send(connection, request, *answer);
  request.pending = nullptr;
  request.authorized = true;
  return impl.decide(connection, request);
}

MHD_Result Exposer::Impl::begin(MHD_Connection* connection, std::string_view url, std::string_view method,
                                void** context) {
  auto request = std::make_unique<Request>();
  request->route = route_of(url);
  request->view = api_view(url).value_or(View::exposition);
  request->known_method = method == MHD_HTTP_METHOD_GET || method == MHD_HTTP_METHOD_HEAD;
  request->settings = settings_.now();
  statistics_.arrived();
  {
    const std::lock_guard lock(idle_mutex_);
    ++requests_;
  }
  Request& begun = *request;
  const bool has_too_many_arguments = std::exchange(*context, request.release()) != nullptr;
  if (const char* fault = header_fault(connection)) {
    begun.is_malformed = true;
    return send(connection, begun, plain_answer(400, fault));
  }
  if (has_too_many_arguments) {
    begun.is_malformed = true;
    return send(connection, begun, plain_answer(414, "The query has more arguments than there is room for.\n"));
  }
  if (!begun.known_method) {
    return send(connection, begun, plain_answer(405, "Only GET and HEAD are answered here.\n"), "GET, HEAD");
  }
  if (has_body(connection)) return send(connection, begun, plain_answer(413, "Requests here have no body.\n"));
  return MHD_YES;  // called again when the request is complete
}

bool Exposer::Impl::asks_password(const Request& request) const {
  const bool is_health = request.route == Route::healthz || request.route == Route::readyz;
  return !request.settings->users->empty() && !(is_health && options_.health_without_password);
}

MHD_Result Exposer::Impl::authorize(MHD_Connection* connection, Request& request) {
  std::optional<Credentials> credentials = basic_credentials(header(connection, "Authorization"));
  if (!credentials) return send(connection, request, password_refused());
  const std::shared_ptr<const WebUsers>& users = request.settings->users;
  if (const std::optional<bool> known = passwords_.remembered(*users, *credentials)) {
    if (!*known) return send(connection, request, password_refused());
    request.authorized = true;
    return decide(connection, request);
  }
  suspend(connection, request, {});
  const auto settle = [pending = request.pending](PasswordVerdict verdict) {
    pending->settle(verdict_answer(verdict));
  };
  if (passwords_.submit(users, std::move(*credentials), connection_of(connection)->address, settle)) return MHD_YES;
  Answer busy = plain_answer(503, "Too many passwords are being checked; try again in a second.\n");
  busy.rejected = "password_checks";
  request.pending->settle(std::move(busy));
  return MHD_YES;
}

MHD_Result Exposer::Impl::decide(MHD_Connection* connection, Request& request) {
  if (!request.authorized && asks_password(request)) return authorize(connection, request);
  switch (request.route) {
    case Route::healthz:
      return send(connection, request, plain_answer(200, "ok\n"));
    case Route::other:
      return send(connection, request, not_found(options_.page));
    case Route::page:
      if (options_.page == PageKind::plain) return gather(connection, request, View::page);
      if (options_.page == PageKind::none) return send(connection, request, not_found(options_.page));
      return send(connection, request, page_answer(accepts_gzip(header(connection, "Accept-Encoding"))));
    case Route::api:
      if (options_.page != PageKind::live) return send(connection, request, not_found(options_.page));
      return gather(connection, request, request.view);
    case Route::readyz:
      return gather(connection, request, View::readiness);
    case Route::metrics:
    case Route::backend:
      break;
  }
  return gather(connection, request, View::exposition);
}

std::chrono::milliseconds Exposer::Impl::scrape_timeout(MHD_Connection* connection) {
  const std::string text = header(connection, "X-Prometheus-Scrape-Timeout-Seconds");
  if (text.empty()) return options_.scrape_timeout;
  if (const auto asked = parse_scrape_timeout(text)) return *asked;
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  auto last = bad_timeout_logged_.load(std::memory_order_relaxed);
  if (last.count() != 0 && now - last < kBadTimeoutLogGap) return options_.scrape_timeout;
  if (!bad_timeout_logged_.compare_exchange_strong(last, now, std::memory_order_relaxed))
    return options_.scrape_timeout;
  log_line(LogLevel::info,
           fmt::format("header X-Prometheus-Scrape-Timeout-Seconds \"{:.40}\" is ignored: it should be seconds "
                       "from 0.001 to 3600",
                       text));
  return options_.scrape_timeout;
}

void Exposer::Impl::suspend(MHD_Connection* connection, Request& request, Ask ask) {
  const auto deadline = Pending::Clock::now() + time_to_answer(scrape_timeout(connection));
  request.pending = std::make_shared<SuspendedRequest>(std::move(ask), deadline, connection);
  MHD_suspend_connection(connection);
  // From here on the request may be settled at any moment; the library calls on_request again only after this call
  // returned.
  connections_.gathering(connection_of(connection), request.pending);
}

MHD_Result Exposer::Impl::gather(MHD_Connection* connection, Request& request, View view) {
  Ask ask;
  ask.view = view;
  if (is_api(view)) {
    ApiQuery query = api_query(view, arguments_of(connection));
    if (!query.fault.empty()) return send(connection, request, plain_answer(400, std::move(query.fault)));
    ask.names = std::move(query.names);
  }
  const std::string& address = connection_of(connection)->address;
  const bool is_full = gathering_.fetch_add(1, std::memory_order_relaxed) >= options_.max_requests_in_flight;
  if (is_full || !gathering_of_.has_room(address)) {
    gathering_.fetch_sub(1, std::memory_order_relaxed);
    Answer busy = plain_answer(503, "Too many scrapes at one time; try again in a second.\n");
    busy.rejected = is_full ? "in_flight" : "in_flight_of_address";
    return send(connection, request, busy);
  }
  gathering_of_.entered(address);
  request.counted = true;
  if (view == View::exposition) {
    ask.format = negotiate(header(connection, "Accept"));
    ask.names = names_of(connection);
  }
  if (view == View::exposition || is_api(view)) ask.gzip = accepts_gzip(header(connection, "Accept-Encoding"));
  suspend(connection, request, std::move(ask));
  const bool of_backend = request.route == Route::backend || view == View::api_status;
  (of_backend ? backend_gatherer_ : metrics_gatherer_).submit(request.pending);
  return MHD_YES;
}

MHD_Result Exposer::Impl::send(MHD_Connection* connection, Request& request, const Answer& answer, const char* allow) {
  const bool is_known = answer.status == 200 && !answer.etag.empty() &&
                        matches_etag(header(connection, MHD_HTTP_HEADER_IF_NONE_MATCH), answer.etag);
  const unsigned status = is_known ? 304 : answer.status;
  MHD_Response* response = response_of(is_known ? std::make_shared<const std::string>() : answer.body);
  if (response == nullptr) return MHD_NO;
  const auto add = [response](const char* name, const char* value) { MHD_add_response_header(response, name, value); };
  add(MHD_HTTP_HEADER_CONTENT_TYPE, answer.content_type.c_str());
  add("X-Content-Type-Options", "nosniff");
  add(MHD_HTTP_HEADER_CACHE_CONTROL, answer.cache_control);
  if (!answer.etag.empty()) add(MHD_HTTP_HEADER_ETAG, answer.etag.c_str());
  if (answer.gzipped && !is_known) add(MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
  if (request.route == Route::metrics || request.route == Route::backend)
    add(MHD_HTTP_HEADER_VARY, "Accept, Accept-Encoding");
  if (request.route == Route::page || request.route == Route::api) add(MHD_HTTP_HEADER_VARY, "Accept-Encoding");
  if (answer.policy != nullptr) {
    add("Content-Security-Policy", answer.policy);
    add("Referrer-Policy", "no-referrer");
  }
  for (const auto& [name, value] : request.settings->headers) {
    // The page's own policy is the strictest it works with, and sniffing is always off.
    const bool has_policy = answer.policy != nullptr && name == "Content-Security-Policy";
    if (!has_policy && name != "X-Content-Type-Options") add(name.c_str(), value.c_str());
  }
  if (answer.status == 401) add(MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Basic realm=\"weir\", charset=\"UTF-8\"");
  if (answer.status == 503) add(MHD_HTTP_HEADER_RETRY_AFTER, "1");
  if (allow != nullptr) add(MHD_HTTP_HEADER_ALLOW, allow);
  const bool unread_body = answer.status == 405 || answer.status == 413;
  if (unread_body || request.is_malformed || stopping_.load(std::memory_order_relaxed))
    add(MHD_HTTP_HEADER_CONNECTION, "close");
  if (answer.rejected != nullptr) statistics_.rejected(answer.rejected);
  statistics_.answered(request.route, status);
  connections_.sending(connection_of(connection));
  const MHD_Result queued = MHD_queue_response(connection, status, response);
  MHD_destroy_response(response);
  return queued;
}

void Exposer::Impl::on_completed(void* self, MHD_Connection* connection, void** context, MHD_RequestTerminationCode) {
  auto& impl = *static_cast<Impl*>(self);
  void* const held = std::exchange(*context, nullptr);
  if (held == nullptr || held == &too_many_arguments) return;
  const std::unique_ptr<Request> request(static_cast<Request*>(held));
  impl.connections_.waiting(connection_of(connection));
  if (request->counted) {
    impl.gathering_.fetch_sub(1, std::memory_order_relaxed);
    impl.gathering_of_.left(connection_of(connection)->address);
  }
  impl.statistics_.done();
  // Notified under the lock: the destructor may go on, and destroy idle_, as soon as it is released.
  const std::lock_guard lock(impl.idle_mutex_);
  --impl.requests_;
  impl.idle_.notify_all();
}

}  // namespace weir
