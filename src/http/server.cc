#include "http/server.h"

#include <fmt/core.h>

#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "http/api_query.h"
#include "http/page_bundle.h"
#include "http/request_check.h"
#include "http/request_reading.h"
#include "http/response.h"
#include "model/printable.h"
#include "web_config/basic_auth.h"
#include "weir/error.h"
#include "weir/exposition.h"
#include "weir/log.h"

namespace weir {
namespace {

constexpr std::chrono::seconds kBadTimeoutLogGap{60};
/// Status of an answer no client sees: the password is right, the request goes on.
constexpr unsigned kGoOn = MHD_HTTP_CONTINUE;
/// What there is, for who asked for what there is not.
const char* paths_with(PageKind page) {
  if (page == PageKind::live) return "/metrics, /backend, /healthz, /readyz, /api/v1/series and /";
  return page == PageKind::plain ? "/metrics, /backend, /healthz, /readyz and /"
                                 : "/metrics, /backend, /healthz and /readyz";
}

Answer not_found(PageKind page) {
  return plain_answer(404, fmt::format("Nothing is at this path; there are {}.\n", paths_with(page)));
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

void* Exposer::Impl::on_uri(void* self, const char* uri, MHD_Connection* connection) {
  connection_of(connection)->uri_end = uri + std::strlen(uri);
  if (has_room_for_arguments(uri, static_cast<Impl*>(self)->options_.max_request_bytes)) return nullptr;
  leave_out_arguments(uri);
  return &too_many_arguments;
}

MHD_Result Exposer::Impl::on_request(void* self, MHD_Connection* connection, const char* url, const char* method,
                                     const char* version, const char*, std::size_t*, void** context) {
  auto& impl = *static_cast<Impl*>(self);
  if (*context == nullptr || *context == &too_many_arguments) {
    return impl.begin(connection, url, method, version, context);
  }
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
                                const char* version, void** context) {
  auto request = std::make_unique<Request>();
  const std::string_view path = path_of(url);
  request->route = route_of(path);
  request->view = api_view(path).value_or(View::exposition);
  request->known_method = method == MHD_HTTP_METHOD_GET || method == MHD_HTTP_METHOD_HEAD;
  request->settings = settings_.now();
  statistics_.arrived();
  {
    const std::lock_guard lock(idle_mutex_);
    ++requests_;
  }
  Request& begun = *request;
  const bool has_too_many_arguments = std::exchange(*context, request.release()) != nullptr;
  if (holds_nul(connection_of(connection)->uri_end, version)) {
    begun.is_malformed = true;
    return send(connection, begun, plain_answer(400, "The request line holds a NUL byte.\n"));
  }
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
  std::optional<Credentials> credentials = basic_credentials(header_of(connection, "Authorization"));
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
      return send(connection, request, page_answer(accepts_gzip(header_of(connection, "Accept-Encoding"))));
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
  const std::string text = header_of(connection, "X-Prometheus-Scrape-Timeout-Seconds");
  if (text.empty()) return options_.scrape_timeout;
  if (const auto asked = parse_scrape_timeout(text)) return *asked;
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  auto last = bad_timeout_logged_.load(std::memory_order_relaxed);
  if (last.count() != 0 && now - last < kBadTimeoutLogGap) return options_.scrape_timeout;
  if (!bad_timeout_logged_.compare_exchange_strong(last, now, std::memory_order_relaxed))
    return options_.scrape_timeout;
  log_line(
      LogLevel::info,
      fmt::format("header X-Prometheus-Scrape-Timeout-Seconds {} is ignored: it should be seconds from 0.001 to 3600",
                  printable(text)));
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
    ask.format = negotiate(header_of(connection, "Accept"));
    ask.names = names_of(connection);
  }
  if (view == View::exposition || is_api(view)) ask.gzip = accepts_gzip(header_of(connection, "Accept-Encoding"));
  suspend(connection, request, std::move(ask));
  const bool of_backend = request.route == Route::backend || view == View::api_status;
  (of_backend ? backend_gatherer_ : metrics_gatherer_).submit(request.pending);
  return MHD_YES;
}

MHD_Result Exposer::Impl::send(MHD_Connection* connection, Request& request, const Answer& answer, const char* allow) {
  const bool is_known = answer.status == 200 && !answer.etag.empty() &&
                        matches_etag(header_of(connection, MHD_HTTP_HEADER_IF_NONE_MATCH), answer.etag);
  const bool has_unread_body = answer.status == 405 || answer.status == 413;
  const bool closes = has_unread_body || request.is_malformed || stopping_.load(std::memory_order_relaxed);
  const Response response(answer, is_known, request.route);
  if (!response) return MHD_NO;
  response.add_own(request.settings->headers, answer.policy != nullptr);
  if (allow != nullptr) response.add(MHD_HTTP_HEADER_ALLOW, allow);
  if (closes) response.add(MHD_HTTP_HEADER_CONNECTION, "close");
  if (answer.rejected != nullptr) statistics_.rejected(answer.rejected);
  statistics_.answered(request.route, response.status());
  connections_.sending(connection_of(connection));
  return response.queue(connection);
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
