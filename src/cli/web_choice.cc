#include "cli/web_choice.h"

#include <chrono>

#include "config/environment.h"
#include "weir/log.h"

namespace weir::cli {
namespace {

void set_where_given(std::size_t& into, std::size_t given) {
  if (given != 0) into = given;
}

void set_where_given(std::chrono::milliseconds& into, double seconds) {
  if (seconds > 0) into = std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(seconds));
}

ExposerTls tls_of_environment() {
  const auto text = [](const char* name) { return environment::variable(name).value_or(""); };
  return {.certificate_file = text("PROMETHEUS_SSL_CERTFILE"),
          .key_file = text("PROMETHEUS_SSL_KEYFILE"),
          .client_ca_file = text("PROMETHEUS_SSL_CLIENT_CAFILE"),
          .client_ca_directory = text("PROMETHEUS_SSL_CLIENT_CAPATH"),
          .client_certificate_required = environment::flag("PROMETHEUS_SSL_CLIENT_AUTH_REQUIRED")};
}

}  // namespace

void choose_web(const WebArguments& arguments, ExposerOptions& options) {
  options.web_config_file =
      arguments.config_file.empty() ? environment::credential("web-config.yml") : arguments.config_file;
  const ExposerTls tls = tls_of_environment();
  if (options.web_config_file.empty()) {
    options.tls = tls;
  } else if (!tls.certificate_file.empty() || !tls.key_file.empty()) {
    log_line(LogLevel::warning,
             "PROMETHEUS_SSL_CERTFILE and its kind are not read: the web config file says everything");
  }
  options.health_without_password = arguments.health_without_password;
  set_where_given(options.max_connections, arguments.max_connections);
  set_where_given(options.max_connections_per_address, arguments.max_connections_per_address);
  set_where_given(options.max_requests_in_flight, arguments.max_requests_in_flight);
  set_where_given(options.max_request_bytes, arguments.max_request_bytes);
  set_where_given(options.connection_timeout, arguments.request_timeout);
  set_where_given(options.scrape_timeout, arguments.scrape_timeout);
}

}  // namespace weir::cli
