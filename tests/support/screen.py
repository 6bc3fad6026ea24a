# SPDX-License-Identifier: Apache-2.0
"""Runs a program on a pseudo terminal and shows its screen: as much of a terminal as ocibuild needs, and no more.

What the model does not know fails the test: so nothing but these few sequences can ever be sent.
"""

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
import unicodedata

SEQUENCE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")


class Screen:
    """Lines of text, the cursor and whether it is shown. `lines`: all that was ever there, scrolled out or not.

    Lines may be longer than the screen is wide, but not those that the cursor goes back over.
    """

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.lines, self.row, self.column = [""], 0, 0
        self.cursor, self.colours, self.rest = True, False, ""

    def feed(self, text):
        text, self.rest = self.rest + text, ""
        at = 0
        while at < len(text):
            if text[at] == "\x1b":
                match = SEQUENCE.match(text, at)
                if not match:
                    self.rest = text[at:]  # not all of it has come
                    assert len(self.rest) < 16, "unknown sequence %r" % self.rest
                    return
                self._sequence(match[1], match[2])
                at = match.end()
                continue
            self._character(text[at])
            at += 1

    def _sequence(self, number, letter):
        if (number, letter) in (("?25", "l"), ("?25", "h")):
            self.cursor = letter == "h"
        elif letter == "A":
            self.row -= int(number or 1)
            assert self.row >= max(0, len(self.lines) - self.rows), "the cursor left the screen"
            for line in self.lines[self.row:]:
                assert len(line) < self.columns, "a line that changes is too wide: %r" % line
        elif letter == "J" and number in ("", "0"):
            # Of the first row a terminal may keep in its history what is so cleared.
            assert self.row > 0 or self.column > 0, "the screen is cleared"
            self.lines[self.row] = self.lines[self.row][:self.column]
            del self.lines[self.row + 1:]
        elif letter == "K" and number in ("", "0"):
            self.lines[self.row] = self.lines[self.row][:self.column]
        elif letter == "m":
            self.colours = True
        else:
            raise AssertionError("unknown sequence ESC[%s%s" % (number, letter))

    def _character(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self.row += 1
            if self.row == len(self.lines):
                self.lines.append("")
        else:
            assert character.isprintable(), "control character %r" % character
            wide = 2 if unicodedata.east_asian_width(character) in "WF" else 1
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[:self.column] + character + line[self.column + 1:]
            self.column += wide

    def text(self):
        return "\n".join(self.lines)


class Terminal:
    """A program on a terminal of its own. `frames`: the screen each time that something was written."""

    def __init__(self, command, columns=80, rows=24, **environment):
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execve(command[0], command, environment)
        self.screen, self.bytes, self.frames, self.status = Screen(columns, rows), b"", [], None
        self.decoder = codecs.getincrementaldecoder("utf-8")()
        self.began, self.times = time.monotonic(), []

    def read(self, until=None, limit=30):
        """Until the program ends, or `until(screen)`."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            if not select.select([self.master], [], [], 0.05)[0]:
                if until and until(self.screen):
                    return True
                continue
            try:
                data = os.read(self.master, 65536)
            except OSError:
                data = b""  # the other end is closed
            if not data:
                self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
                return False
            self.times.append(time.monotonic() - self.began)
            self.bytes += data
            self.screen.feed(self.decoder.decode(data))  # keeps half a character for the next time
            self.frames.append(self.screen.text())
            if until and until(self.screen):
                return True
        raise AssertionError("it takes too long; the screen:\n" + self.screen.text())

    def resize(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def kill(self, number):
        os.kill(self.pid, number)

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.master)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
