"""The view of a run in a terminal: one line while it runs, which leaves nothing behind.

    In [2] ━━━━━━━━━━━━━━──────── 12 of 40 calls · 8 at once · 3.1 s of calls in 0.80 s · about 1.2 s left

The line stands below what the cell has printed. Whatever is about to be written to the terminal takes it away first; it
comes back when the cursor is at the beginning of a line. For that `write` of the two streams is replaced on the instance, as
`output.py` does and for the same reasons; rich's own `Live` puts a proxy into `sys.stdout`, where a cell could keep it.
rich does what is left: width, colours, `NO_COLOR`, old Windows consoles.

Looks come at most ten times a second (`looks.py` says when). Whatever fails is logged, and there is no line any more; the run
goes on.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from poppy_ipython.display.chars import chart
from poppy_ipython.display.looks import Looks
from poppy_ipython.trace.events import CallRecord
from poppy_ipython.trace.run import Run
from poppy_ipython.trace.trace import Trace
from poppy_ipython.trace.units import count, duration
from poppy_ipython.trace.values import Values

__all__ = ["Line", "TerminalLive", "coloured", "in_terminal", "words"]

_log = logging.getLogger("poppy_ipython.display")
_INTERVAL = 0.1
_BAR = 24


def in_terminal(shell: Any) -> bool:
    """Whether the cell's output goes to somebody who looks at a terminal."""
    try:
        return getattr(shell, "kernel", None) is None and sys.stdout.isatty()
    except Exception:  # a stream of somebody's
        return False


def words(records: Iterable[CallRecord], now: float) -> tuple[int, int, str]:
    """Calls that are over, calls known, and the line's text.

    >>> one = CallRecord(1, "ask", started=0.0, ended=1.0, outcome="ok")
    >>> two = CallRecord(2, "ask", started=0.5, outcome="running")
    >>> words([one, two], 2.0)
    (1, 2, '1 of 2 calls · 1 at once · 2.5 s of calls in 2.0 s · about 2.0 s left')
    """
    known = over = flying = failed = 0
    seconds, first = 0.0, now
    for record in records:
        known += 1
        if record.started is not None:
            first = min(first, record.started)
            seconds += (now if record.ended is None else record.ended) - record.started
        if record.ended is not None or record.outcome == "unsent":
            over += 1
        elif record.started is not None:
            flying += 1
        failed += record.outcome == "error"
    parts = [f"{over:,} of {count(known, 'call')}", f"{flying:,} at once"]
    span = now - first
    if span > 0:
        parts.append(f"{duration(seconds)} of calls in {duration(span)}")
        if 0 < over < known:
            parts.append(f"about {duration((known - over) * span / over)} left")
    if failed:
        parts.append(f"{failed:,} failed")
    return over, known, " · ".join(parts)


class _Screen:
    """A stream as rich wants it, that writes past our own hook."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.write = stream.write
        self.encoding = getattr(stream, "encoding", "utf-8")

    def flush(self) -> None:
        self.stream.flush()

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return int(self.stream.fileno())


class Line:
    """The line at the bottom of a terminal: `draw` it, and it makes room for what others write there."""

    def __init__(self, *streams: Any) -> None:
        from rich.console import Console

        self._lock = threading.RLock()
        self._drawn = False
        self._at_start = True
        self.console = Console(file=_Screen(streams[0]), highlight=False)  # type: ignore[arg-type]
        self._hooks: list[tuple[Any, bool, Any, Callable[[Any], Any]]] = []
        for stream in streams:
            if all(stream is not hooked[0] for hooked in self._hooks):
                self._install(stream)

    def _install(self, stream: Any) -> None:
        original, shadowed = stream.write, "write" in getattr(stream, "__dict__", ())

        def write(text: Any) -> Any:
            with self._lock:
                self.erase()
                if text:
                    self._at_start = str(text)[-1:] == "\n"
                return original(text)

        stream.write = write
        self._hooks.append((stream, shadowed, original, write))

    def draw(self, done: float, name: str, text: str) -> None:
        """Show `text` behind a bar of which the part `done` is full."""
        from rich.text import Text

        with self._lock:
            if not self._at_start:
                return
            width = self.console.width - 1
            bar = min(_BAR, max(0, (width - 70) // 2))
            full = round(bar * done)
            line = Text.assemble((f"{name} ", "bold"), ("━" * full, "cyan"), ("─" * (bar - full), "dim"), f" {text}")
            line.truncate(width, overflow="ellipsis")
            self._clear()
            self.console.print(line, end="", no_wrap=True, crop=True)
            self._drawn = True

    def erase(self) -> None:
        """Take the line away, if it is there."""
        with self._lock:
            if self._drawn:
                self._drawn = False
                self._clear()

    def _clear(self) -> None:
        from rich.control import Control
        from rich.segment import ControlType

        self.console.control(Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2)))

    def close(self) -> None:
        """Take it away for good; the streams are what they were."""
        self.erase()
        for stream, shadowed, original, write in reversed(self._hooks):
            if getattr(stream, "__dict__", {}).get("write") is write:
                if shadowed:
                    stream.write = original
                else:
                    del stream.write
        self._hooks.clear()


class TerminalLive:
    """One run, as `Live` is: begun, looked at, ended."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.values = Values()
        self.run: Run | None = None
        self.line: Line | None = Line(sys.stdout, *([sys.stderr] if sys.stderr is not None and sys.stderr.isatty() else []))
        self._session: Any = None
        self._looks = Looks(self._look, self._drop, _INTERVAL)

    def begin(self, session: Any) -> None:
        self._session = session
        self._looks.begin(session.loop)

    def _look(self) -> bool:
        machine = self._session.machine
        if self.line is not None and any(record.started is not None for record in machine.records):
            over, known, text = words(machine.records, machine.clock())
            self.line.draw(over / known, self.name, text)
        return True

    def _drop(self) -> None:
        _log.exception("the line of this run failed and is dropped; the run goes on")
        self.close()

    def end(self, run: Run) -> None:
        self.run, self._session = run, None
        self.close()

    def close(self) -> None:
        """Take the line away. Twice is once."""
        self._looks.stop()
        line, self.line = self.line, None
        if line is not None:
            try:
                line.close()
            except Exception:
                _log.exception("the line of this run could not be taken away")


def coloured(trace: Trace) -> str:
    """The timeline in characters, in as many colours as the terminal has."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False)
    text = Text("\n".join(chart(trace, console.width)))
    text.highlight_regex("░+", "dim")
    text.highlight_regex("[▁▂▃▄▅▆▇█▏]+", "cyan")
    text.highlight_regex("▶", "bold")
    text.highlight_regex("✗", "bold red")
    with console.capture() as captured:
        console.print(text, end="", no_wrap=True, crop=False)
    return captured.get()
