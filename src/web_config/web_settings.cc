#include "web_config/web_settings.h"

#include <fmt/format.h>

#include <ctime>

#include "model/printable.h"
#include "web_config/bcrypt.h"
#include "web_config/web_files.h"
#include "weir/error.h"
#include "weir/log.h"

namespace weir {
namespace {

constexpr std::chrono::seconds kLookEvery{1};

bool has_any_file(const WebSource& source) {
  return !source.config_file.empty() || !source.certificate_file.empty() || !source.key_file.empty() ||
         !source.client_ca_file.empty() || !source.client_ca_directory.empty() || source.client_certificate_required;
}

std::shared_ptr<const WebSettings> settings_of(WebFiles files) {
  auto settings = std::make_shared<WebSettings>();
  if (files.config.tls) {
    settings->tls = std::make_shared<const ServerTls>(*files.config.tls, files.pem);
    if (settings->tls->not_after() < static_cast<double>(std::time(nullptr))) {
      log_line(LogLevel::warning, "TLS: the server's certificate has ended; clients will refuse it");
    }
  }
  settings->headers = std::move(files.config.headers);
  settings->users = std::make_shared<const WebUsers>(std::move(files.config.users));
  return settings;
}

/// What is allowed and still worth a word.
void warn_about(const WebFiles& files, const WebSource& source) {
  const auto warn = [](const std::string& line) { log_line(LogLevel::warning, line); };
  for (const auto& [user, hash] : files.config.users) {
    if (bcrypt_cost(hash) < kGoodBcryptCost) {
      warn(fmt::format("web config file {}: the hash of user \"{}\" has cost {}; {} or more takes long to guess",
                       source.config_file, user, bcrypt_cost(hash), kGoodBcryptCost));
    }
  }
  const bool says_nothing = !files.config.tls && files.config.users.empty() && files.config.headers.empty();
  if (!source.config_file.empty() && says_nothing) {
    warn(fmt::format("web config file {} sets nothing: everything is served without TLS and without passwords",
                     printable(source.config_file)));
  }
  if (!files.config.users.empty() && !files.config.tls) {
    warn(fmt::format("web config file {}: passwords go over the network unencrypted without tls_server_config",
                     source.config_file));
  }
  if (files.config.tls && files.config.tls->client_auth == ClientAuth::require_any) {
    warn(fmt::format(
        "web config file {}: client_auth_type RequireAnyClientCert verifies nothing: any certificate is let in",
        source.config_file));
  }
  if (files.config.wants_http2) {
    log_line(LogLevel::info,
             fmt::format("web config file {}: http2 is true; Weir speaks HTTP/1.1", source.config_file));
  }
}

}  // namespace

WebSettingsKeeper::WebSettingsKeeper(WebSource source) : source_(std::move(source)) {
  WebFiles files = read_web_files(source_, &seen_);
  state_.has_files = has_any_file(source_);
  warn_about(files, source_);
  now_ = settings_of(std::move(files));
  state_.loaded = 1;
  state_.loaded_at = static_cast<double>(std::time(nullptr));
  state_.certificate_not_after = now_->tls != nullptr ? now_->tls->not_after() : 0;
  if (state_.has_files) thread_ = std::thread([this] { run(); });
}

WebSettingsKeeper::~WebSettingsKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const WebSettings> WebSettingsKeeper::now() const {
  const std::lock_guard lock(mutex_);
  return now_;
}

WebSettingsKeeper::State WebSettingsKeeper::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void WebSettingsKeeper::reload() {
  {
    const std::lock_guard lock(mutex_);
    asked_ = true;
  }
  changed_.notify_one();
}

void WebSettingsKeeper::run() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    changed_.wait_for(lock, kLookEvery, [this] { return stopped_ || asked_; });
    if (stopped_) return;
    if (std::exchange(asked_, false)) seen_.clear();
    lock.unlock();
    look();
    lock.lock();
  }
}

void WebSettingsKeeper::look() {
  std::string digest;
  try {
    WebFiles files = read_web_files(source_, &digest);
    if (digest == seen_) return;
    const bool had_tls = now()->tls != nullptr;
    if (files.config.tls.has_value() != had_tls) {
      throw ConfigError(fmt::format("web config file {}: tls_server_config was {}; that takes a restart",
                                    source_.config_file, had_tls ? "taken out" : "added"));
    }
    if (files.config.users.empty() && !now()->users->empty()) {  // a file cut off, or not written to its end yet
      throw ConfigError(
          fmt::format("web config file {}: basic_auth_users was taken out; that takes a restart", source_.config_file));
    }
    warn_about(files, source_);
    std::shared_ptr<const WebSettings> next = settings_of(std::move(files));
    {
      const std::lock_guard lock(mutex_);
      now_ = std::move(next);
      state_.fault.clear();
      ++state_.loaded;
      state_.loaded_at = static_cast<double>(std::time(nullptr));
      state_.certificate_not_after = now_->tls != nullptr ? now_->tls->not_after() : 0;
    }
    seen_ = digest;
    log_line(LogLevel::info, "the web configuration was read again and is in force");
  } catch (const std::exception& error) {
    if (digest == seen_) return;  // told already
    seen_ = digest;
    {
      const std::lock_guard lock(mutex_);
      state_.fault = error.what();
      ++state_.failed;
    }
    log_line(LogLevel::error, fmt::format("{}; the web configuration of before stays in force", error.what()));
  }
}

}  // namespace weir
