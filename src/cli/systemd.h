// What systemd hands a service, and what it wants to hear; each nothing where it did not start the process.
//
// Its protocols, as `man sd_listen_fds` and `man sd_notify` describe them and promise to keep them. Its credentials are
// config/environment.h's.
//
// Thread safety: reads the environment; call before threads start. notify_systemd() may be called from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::cli {

/// `fd:3` where systemd hands over one listening socket. Throws ConfigError for more than one.
std::optional<std::string> systemd_listener();

/// `READY=1`, `STOPPING=1`, …; lost where nobody listens.
void notify_systemd(std::string_view state);

}  // namespace weir::cli
