"""The view in a terminal: a real IPython on a pseudo-terminal, read by a terminal emulator; the line by itself."""

import doctest
import fcntl
import importlib
import io
import os
import pty
import struct
import subprocess
import sys
import termios

import pyte
import pytest

from poppy_ipython.display.terminal import Line, coloured
from poppy_ipython.trace import Trace
from tests.display.test_page import RUN
from tests.trace.drawing import draw

SHELL = """
import os, sys
from IPython.terminal.interactiveshell import TerminalInteractiveShell
shell = TerminalInteractiveShell.instance(colors="nocolor", simple_prompt=True)
shell.user_ns["gate"] = int(sys.argv[1])
for cell in CELLS:
    shell.run_cell(cell, store_history=True)
"""
SETUP = """%load_ext poppy_ipython
import os
from poppy_ipython import unordered
@unordered
def ask(question):
    os.read(gate, 1)
    return question * 2"""
CELL = """%%poppy{options}
print("begin")
out = [ask(n) for n in range(5)]
print("asked", end=" ")
print(sum(out))
ask(out[4])
1 / {divisor}"""


class Terminal:
    """A pseudo-terminal with a shell in it, whose `ask` answers when `open_gate` is called."""

    def __init__(self, *cells, columns=100, **environment):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        gate, self.gate = os.pipe()
        environment = {**os.environ, "TERM": "xterm-256color", **environment}
        environment.pop("COLUMNS", None)
        code = f"CELLS = {cells!r}\n{SHELL}"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(gate)], stdin=slave, stdout=slave, stderr=slave, env=environment, pass_fds=[gate]
        )
        os.close(slave)
        os.close(gate)
        self.screen = pyte.Screen(columns, 40)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""

    @property
    def lines(self):
        return [line.rstrip() for line in self.screen.display if line.strip()]

    def read(self, until=None):
        """Read on, until a line of the screen has `until` or to the end."""
        while until is None or not any(until in line for line in self.lines):
            try:
                data = os.read(self.master, 65536)
            except OSError:  # the other side is closed
                data = b""
            if not data:
                assert until is None, f"{until!r} never came:\n" + "\n".join(self.lines)
                break
            self.raw += data
            self.stream.feed(data)
        return self.lines

    def open_gate(self):
        os.write(self.gate, b"x" * 100)

    def end(self):
        found = self.read()
        os.close(self.gate)
        os.close(self.master)
        assert self.process.wait(30) == 0
        return found


@pytest.mark.parametrize("divisor", [1, 0])
def test_a_line_while_it_runs_and_nothing_of_it_afterwards(divisor):
    terminal = Terminal(SETUP, CELL.format(options="", divisor=divisor))
    during = terminal.read("5 at once")
    assert during[0] == "begin" and during[1].startswith("In [2] ─") and "0 of " in during[1]
    terminal.open_gate()
    lines = terminal.end()
    assert lines[:2] == ["begin", "asked 20"]
    assert lines[-1].startswith("6 calls · ")
    assert not any("─" in line and "of 6 calls" in line for line in lines) and "━" not in "".join(lines)
    if divisor:
        assert lines[2] == "Out[2]: 1.0"
    else:
        assert any("ZeroDivisionError" in line for line in lines)


def test_the_timeline_afterwards_and_again():
    terminal = Terminal(SETUP, CELL.format(options=" --view live", divisor=1), "%poppy show", columns=80)
    terminal.read("5 at once")
    terminal.open_gate()
    lines = terminal.end()
    drawn = [line for line in lines if line.startswith("ask ×5 · line 3")]
    assert len(drawn) == 2 and "█" in drawn[0] and max(map(len, lines)) <= 80
    assert b"\x1b[36m" in terminal.raw  # colours


def test_without_colours_and_with_the_line_only():
    terminal = Terminal(SETUP, "%poppy set view=line", CELL.format(options="", divisor=1), "%poppy show", NO_COLOR="1")
    terminal.open_gate()
    lines = terminal.end()
    assert b"\x1b[36m" not in terminal.raw and b"0 of " not in terminal.raw
    assert any(line.startswith("ask ×5 · line 3") for line in lines)


class Tty(io.StringIO):
    def isatty(self):
        return True

    def fileno(self):
        raise OSError


def shown(text):
    screen = pyte.Screen(100, 10)
    pyte.Stream(screen).feed(text.replace("\n", "\r\n"))
    return [line.rstrip() for line in screen.display if line.strip()]


def test_what_is_written_takes_the_line_away(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    out, err = Tty(), Tty()
    line = Line(out, err)
    line.draw(0.5, "In [2]", "half <b> [bold]")
    assert shown(out.getvalue())[0].endswith("half <b> [bold]")
    assert out.write("one\ntw") == 6
    assert shown(out.getvalue()) == ["one", "tw"]
    line.draw(0.6, "In [2]", "not now")
    out.write("o\n")
    line.draw(0.7, "In [2]", "x" * 500)
    assert shown(out.getvalue())[1:] == ["two", shown(out.getvalue())[2]] and shown(out.getvalue())[2].endswith("…")
    err.write("")  # takes it away as well: both are one terminal
    line.draw(0.7, "In [2]", "again")
    line.close()
    line.close()
    assert shown(out.getvalue()) == ["one", "two"]
    assert "write" not in vars(out) and "write" not in vars(err)


def test_a_chart_in_colours_is_the_same_text(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert "✗" in coloured(draw(RUN)) and "\x1b" not in coloured(draw(RUN))
    assert coloured(Trace(())) == ""


def test_examples_of_the_docstrings():
    result = doctest.testmod(importlib.import_module("poppy_ipython.display.terminal"))
    assert result.attempted and not result.failed
