#include "watch/terminal.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <string>
#include <system_error>
#include <utility>

#include "weir/error.h"

// After all others: it defines macros of common words.
#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#include <curses.h>

namespace weir {
namespace {

constexpr std::array kStops{SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGWINCH};
constexpr std::array kCrashes{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
constexpr short kWarningPair = 1;
constexpr short kTitlePair = 2;

// What a crash gives back: written before its handlers are installed, and then only read.
termios terminal_before_crash;

/// Async-signal-safe: ncurses itself may be what crashed.
void give_back_and_die(int signal) {
  static constexpr char kLeave[] = "\x1b[?1049l\x1b[0m\x1b[?25h\x1b[?1l\x1b>";
  [[maybe_unused]] const ssize_t wrote = write(STDOUT_FILENO, kLeave, sizeof kLeave - 1);
  tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before_crash);
  raise(signal);  // SA_RESETHAND: this one ends the process
}

void watch_crashes() {
  tcgetattr(STDIN_FILENO, &terminal_before_crash);
  struct sigaction action {};
  action.sa_handler = &give_back_and_die;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
  for (const int signal : kCrashes) sigaction(signal, &action, nullptr);
}

void forget_crashes() {
  for (const int signal : kCrashes) std::signal(signal, SIG_DFL);
}

bool wants_colour() {
  const char* no = std::getenv("NO_COLOR");
  return (no == nullptr || *no == '\0') && has_colors();
}

attr_t attributes_of(Style style, bool colour) {
  switch (style) {
    case Style::title:
      return colour ? A_BOLD | static_cast<attr_t>(COLOR_PAIR(kTitlePair)) : A_BOLD;
    case Style::faint:
      return A_DIM;
    case Style::heading:
      return A_UNDERLINE;
    case Style::selected:
      return A_REVERSE;
    case Style::warning:
      return colour ? A_BOLD | static_cast<attr_t>(COLOR_PAIR(kWarningPair)) : A_BOLD;
    case Style::plain:
      break;
  }
  return A_NORMAL;
}

Press press_of(Key key) { return {key, ""}; }

std::optional<Press> press_of_code(wint_t code) {
  static constexpr std::array<std::pair<wint_t, Key>, 12> kKeys{{{KEY_UP, Key::up},
                                                                 {KEY_DOWN, Key::down},
                                                                 {KEY_LEFT, Key::left},
                                                                 {KEY_RIGHT, Key::right},
                                                                 {KEY_PPAGE, Key::page_up},
                                                                 {KEY_NPAGE, Key::page_down},
                                                                 {KEY_HOME, Key::home},
                                                                 {KEY_END, Key::end},
                                                                 {KEY_BACKSPACE, Key::backspace},
                                                                 {KEY_DC, Key::backspace},
                                                                 {KEY_ENTER, Key::enter},
                                                                 {KEY_BTAB, Key::back_tab}}};
  const auto at = std::ranges::find(kKeys, code, &std::pair<wint_t, Key>::first);
  return at == kKeys.end() ? std::nullopt : std::optional(press_of(at->second));
}

std::optional<Press> press_of_character(wchar_t wide) {
  if (wide == L'\r' || wide == L'\n') return press_of(Key::enter);
  if (wide == L'\t') return press_of(Key::tab);
  if (wide == 27) return press_of(Key::escape);
  if (wide == 127 || wide == 8) return press_of(Key::backspace);
  if (wide < 32) return std::nullopt;
  std::string bytes(MB_CUR_MAX, '\0');
  std::mbstate_t state{};
  const std::size_t length = std::wcrtomb(bytes.data(), wide, &state);
  if (length == static_cast<std::size_t>(-1)) return std::nullopt;
  bytes.resize(length);
  return Press{Key::character, std::move(bytes)};
}

}  // namespace

SignalDescriptor::SignalDescriptor() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kStops) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, &before_);
  descriptor_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (descriptor_ < 0) throw StorageError("signalfd: " + std::generic_category().message(errno));
}

SignalDescriptor::~SignalDescriptor() {
  close(descriptor_);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

int SignalDescriptor::read() noexcept {
  signalfd_siginfo info{};
  return ::read(descriptor_, &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
}

Terminal::Terminal() {
  watch_crashes();
  // initscr() would end the process.
  if (newterm(nullptr, stdout, stdin) == nullptr) {
    forget_crashes();
    const char* name = std::getenv("TERM");
    throw ConfigError(
        fmt::format("TERM is \"{}\", a terminal nothing is known of: set it to what yours is, such as xterm, "
                    "or give --once for one table",
                    name == nullptr ? "" : name));
  }
  if (wants_colour()) {
    start_color();
    use_default_colors();
    init_pair(kWarningPair, COLOR_RED, -1);
    init_pair(kTitlePair, COLOR_CYAN, -1);
  }
  cbreak();
  noecho();
  nonl();
  keypad(stdscr, TRUE);
  nodelay(stdscr, TRUE);
  set_escdelay(25);  // milliseconds; an escape alone is a key here
  curs_set(0);
}

Terminal::~Terminal() {
  endwin();
  delscreen(set_term(nullptr));
  forget_crashes();
}

ScreenSize Terminal::size() const {
  return {static_cast<std::size_t>(std::max(COLS, 1)), static_cast<std::size_t>(std::max(LINES, 1))};
}

std::size_t output_columns() noexcept {
  winsize now{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &now) == 0 ? now.ws_col : 0;
}

void Terminal::resized() {
  winsize now{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &now) != 0 || now.ws_row == 0 || now.ws_col == 0) return;
  resizeterm(now.ws_row, now.ws_col);
}

void Terminal::draw(std::span<const ScreenLine> lines) {
  const bool colour = wants_colour();
  erase();
  for (std::size_t row = 0; row < lines.size() && row < size().rows; ++row) {
    attrset(static_cast<int>(attributes_of(lines[row].style, colour)));
    mvaddnstr(static_cast<int>(row), 0, lines[row].text.c_str(), -1);
  }
  attrset(A_NORMAL);
  refresh();
}

std::optional<Press> Terminal::read() {
  for (;;) {
    wint_t code = 0;
    const int kind = get_wch(&code);
    if (kind == ERR) return std::nullopt;
    const std::optional<Press> press =
        kind == KEY_CODE_YES ? press_of_code(code) : press_of_character(static_cast<wchar_t>(code));
    if (press) return press;
  }
}

}  // namespace weir
