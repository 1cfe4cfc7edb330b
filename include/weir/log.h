// The one place log lines leave the library: a sink the program replaces.
//
//   weir::set_log_sink(weir::stderr_log_sink);              // or your own function
//
// Until a program sets a sink, lines are dropped: the library never prints by itself.
//
// Thread safety: all functions may be called from any thread; the sink may be called from any thread, never under a
// lock of Weir's, and must not throw.
// Process safety: the sink is inherited by fork.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// Receives one line without a newline at its end.
using LogSink = void (*)(LogLevel level, std::string_view line) noexcept;

/// Replaces the sink; nullptr drops every line (the state at start). Returns the previous one.
LogSink set_log_sink(LogSink sink) noexcept;

/// Lines below `level` never reach the sink. At start: `info`.
void set_log_level(LogLevel level) noexcept;

/// A ready sink: `weir: warning: …` on standard error, one write a line.
void stderr_log_sink(LogLevel level, std::string_view line) noexcept;

/// Hands one line to the sink. For Weir's own rooms; programs have their own logging.
void log_line(LogLevel level, std::string_view line) noexcept;

}  // namespace weir
