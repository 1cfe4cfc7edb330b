"""A program in a real pseudo-terminal, its screen kept by pyte."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pyte

from conftest import CLEAN, WEIR


class _Screen(pyte.Screen):
    """With the two movements of ncurses that pyte lacks."""

    def _at_top(self, act, count):
        x, y = self.cursor.x, self.cursor.y
        self.cursor.y = self.margins.top if self.margins else 0
        act(count)
        self.cursor.x, self.cursor.y = x, y

    def scroll_up(self, count=None):
        self._at_top(self.delete_lines, count)

    def scroll_down(self, count=None):
        self._at_top(self.insert_lines, count)


class _Stream(pyte.ByteStream):
    csi = {**pyte.ByteStream.csi, "S": "scroll_up", "T": "scroll_down"}
    events = pyte.ByteStream.events | {"scroll_up", "scroll_down"}


class Terminal:
    """`weir ARGUMENTS`, or what `program` makes of them, in a terminal of `size` (rows, columns); ended by its with
    statement. `env` wins."""

    def __init__(self, *arguments, size=(24, 80), env=None, stderr=None, program=(WEIR,), cwd=None):
        self.master, self.slave = pty.openpty()
        self.screen = _Screen(size[1], size[0])
        self.stream = _Stream(self.screen)
        self.raw = b""
        self._set_size(size)
        self.settings = termios.tcgetattr(self.slave)
        environment = {**CLEAN, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "no_proxy": "*", **(env or {})}
        self.process = subprocess.Popen([*program, *map(str, arguments)], stdin=self.slave, stdout=self.slave,
                                        stderr=stderr or self.slave,
                                        env=environment, cwd=cwd, preexec_fn=self._take_terminal)

    @staticmethod
    def _take_terminal():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def _set_size(self, size):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))

    def resize(self, rows, columns):
        self.screen.resize(rows, columns)
        self._set_size((rows, columns))

    def type(self, keys):
        os.write(self.master, keys.encode())

    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    def pump(self, seconds):
        """Feeds the screen what arrives within that time; False: nothing did."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False  # the last one that had it open has ended
        self.raw += data
        self.stream.feed(data)
        return True

    def until(self, pattern, seconds=30):
        """Waits until a line holds the pattern: its match."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for line in self.lines():
                if found := re.search(pattern, line):
                    return found
            if not self.pump(0.5) and self.process.poll() is not None and not self.pump(0):
                break
        raise AssertionError(f"{pattern} is not on the screen:\n" + "\n".join(self.lines()))

    def read_again(self):
        """One more reading, of what was counted until now, on a view whose interval is long: paused and gone on."""
        number = int(self.until(r"reading (\d+), ").group(1)) if "reading " in "".join(self.lines()[:3]) else 1
        self.type("p")
        self.until("paused")
        self.type("p")
        self.until(rf"reading {number + 1}, ")

    def end(self, number=None):
        """The exit status, after a signal or of itself."""
        if number is not None:
            self.process.send_signal(number)
        end = time.monotonic() + 30
        while self.process.poll() is None and time.monotonic() < end:
            self.pump(0.05)
        while self.pump(0):
            pass
        return self.process.wait(timeout=1)

    def is_given_back(self):
        """Settings as before, the alternate screen left, the cursor shown."""
        left, entered = self.raw.rfind(b"\x1b[?1049l"), self.raw.rfind(b"\x1b[?1049h")
        shown, hidden = max(self.raw.rfind(b"\x1b[?25h"), self.raw.rfind(b"\x1b[?12;25h")), self.raw.rfind(b"\x1b[?25l")
        return termios.tcgetattr(self.slave) == self.settings and left > entered >= 0 and shown > hidden

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self.slave)
        if self.master is not None:
            os.close(self.master)
