// The terminal while a view has it: full screen, one key at a time; given back as it was, however the program ends.
//
//   SignalDescriptor signals;
//   Terminal terminal;
//   terminal.draw(view.lines(terminal.size()));
//   while (std::optional<Press> press = terminal.read()) ...
//
// ncurses draws: only what changed is sent, so nothing flickers and a slow line suffices. Colours only where the
// terminal has some and NO_COLOR is not set (https://no-color.org); without, bold and reverse.
//
// Thread safety: one thread, one Terminal at a time. Process safety: the destructor gives the terminal back; so do,
// before the process ends by them, abort() and the signals of a crash. SIGTSTP stops and SIGCONT goes on, as
// everywhere.
#pragma once

#include <csignal>
#include <cstddef>
#include <optional>
#include <span>

#include "watch/screen.h"

namespace weir {

/// How many columns the terminal behind standard output has; 0 where it is none, or does not say.
std::size_t output_columns() noexcept;

/// SIGTERM, SIGINT, SIGHUP, SIGQUIT and SIGWINCH of this process as a descriptor to poll, while one lives. Made before
/// threads start, so that they inherit it.
class SignalDescriptor {
 public:
  SignalDescriptor();
  ~SignalDescriptor();
  SignalDescriptor(const SignalDescriptor&) = delete;
  SignalDescriptor& operator=(const SignalDescriptor&) = delete;

  int descriptor() const noexcept { return descriptor_; }
  /// The next one that came; 0: none.
  int read() noexcept;

 private:
  sigset_t before_{};
  int descriptor_ = -1;
};

class Terminal {
 public:
  /// Throws ConfigError naming TERM where the terminal cannot place text.
  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  ScreenSize size() const;
  /// SIGWINCH came: the size is another.
  void resized();
  void draw(std::span<const ScreenLine> lines);
  /// The next key that waits; nothing: none does.
  std::optional<Press> read();
};

}  // namespace weir
