"""Sees to it that no cell hangs in silence: looks at a run from another thread, four times a second.

Two things are watched for. Neither shows in a test of equality, because nothing ever comes out.

*Stuck*: the head of the program waits, nothing is in flight, and no time that passes will change that. This is always a
mistake of ours. The run ends with an error that says so, with the line at which the cell stands and the engine's state for a
bug report; what has retired stays, nothing younger is visible.

*Starved*: the event loop gets no turn for more than `LATE` seconds while asynchronous calls are in flight, because code
that runs on its thread does not return: a fence that computes, a coroutine that blocks. That is allowed (a plain cell does
it all the time), so nothing is stopped; the longest such stretch is named below the cell with its source line.

One daemon thread for the whole process, asleep while no cell runs. A beat is a callback that it sends to the loop; a look at
what blocks is a look at the blocked thread's frames, from outside. A timer on the loop itself was decided against: it
would be starved with the loop.
"""

from __future__ import annotations

import asyncio
import linecache
import sys
import sysconfig
import threading
import time
from dataclasses import dataclass
from types import FrameType
from typing import Any, Protocol

__all__ = ["LATE", "Starved", "Watchdog"]

_STDLIB = sysconfig.get_path("stdlib")
BEAT = 0.25
LATE = 1.0


class Cell(Protocol):
    """What the watchdog asks of a run; the engine's `Session`."""

    dispatcher: Any

    def stuck(self) -> str | None:
        """What the cell waits for, if nothing can ever let it go on."""

    def give_up(self, why: str) -> None:
        """End the run with an error of ours."""

    def lowered(self, frame: FrameType) -> bool:
        """Whether this frame is the cell's own code."""


@dataclass(frozen=True)
class Starved:
    """A stretch of time in which the event loop had no turn."""

    seconds: float
    calls: int  # asynchronous ones in flight meanwhile
    what: str | None  # the function that did not return; None: a builtin, which the line shows
    filename: str
    line: int

    def __str__(self) -> str:
        source = linecache.getline(self.filename, self.line).strip()
        calls = f"{self.calls} asynchronous call{'s' if self.calls != 1 else ''}"
        by = f" by `{self.what}`" if self.what else ""
        shown = f": {source}" if source else ""
        return f"the event loop was blocked for {self.seconds:.1f} s{by}, and {calls} with it (line {self.line}{shown})"


class Watchdog:
    """While entered, the run is watched: `with Watchdog(loop, session) as watch: …`, then `watch.starved`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, cell: Cell, late: float = LATE) -> None:
        self.loop = loop
        self.cell = cell
        self.late = late
        self.starved: Starved | None = None
        self._thread = threading.get_ident()
        self._sent = 0.0  # when the beat that is under way was sent; 0: none is
        self._seen: tuple[int, str | None, str, int] | None = None  # what blocked it, as seen from outside
        self._suspicion: str | None = None

    def __enter__(self) -> Watchdog:
        _guard.add(self)
        return self

    def __exit__(self, *exc: object) -> None:
        _guard.remove(self)

    # -- on the guard's thread

    def look(self) -> None:
        now = time.monotonic()
        if not self._sent:
            self._sent = now
            try:
                self.loop.call_soon_threadsafe(self._beat)
            except RuntimeError:  # the loop is closed: the run was thrown away
                _guard.remove(self)
        elif now - self._sent > self.late and self._seen is None:
            frame = sys._current_frames().get(self._thread)
            if frame is not None:
                self._seen = self._where(frame)

    def _where(self, frame: FrameType) -> tuple[int, str | None, str, int]:
        """The function that runs, and the line that it was called from: of the cell, else of whoever is no library."""
        chain = []
        one: FrameType | None = frame
        while one is not None:
            if not str(one.f_globals.get("__name__")).startswith("poppy_ipython."):
                chain.append(one)
                if self.cell.lowered(one):
                    break
            one = one.f_back
        chain = chain or [frame]
        lowered = self.cell.lowered(chain[-1])
        at = chain[-1] if lowered else next((f for f in chain if not _in_library(f)), chain[0])
        what = None if chain[0] is at else f"{chain[0].f_globals.get('__name__', '?')}.{chain[0].f_code.co_qualname}"
        calls = sum(flight.task is not None for flight in list(self.cell.dispatcher._out.values()))
        return calls, what, at.f_code.co_filename, at.f_lineno

    # -- on the loop's thread

    def _beat(self) -> None:
        seconds = time.monotonic() - self._sent
        seen, self._seen = self._seen, None
        if seen is not None and seen[0] and (self.starved is None or seconds > self.starved.seconds):
            self.starved = Starved(seconds, *seen)
        suspicion = self.cell.stuck()
        if suspicion is not None and suspicion == self._suspicion:  # twice, with turns of the loop in between
            self.cell.give_up(suspicion)
        self._suspicion = suspicion
        self._sent = 0.0


def _in_library(frame: FrameType) -> bool:
    name = frame.f_code.co_filename
    return "site-packages" in name or name.startswith((_STDLIB, "<frozen"))


class _Guard:
    """The thread, and whom it watches."""

    def __init__(self) -> None:
        self._watched: set[Watchdog] = set()
        self._some = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, watchdog: Watchdog) -> None:
        self._watched.add(watchdog)
        self._some.set()
        if self._thread is None or not self._thread.is_alive():  # not alive: we are the child of a fork
            self._thread = threading.Thread(target=self._run, name="poppy-watchdog", daemon=True)
            self._thread.start()

    def remove(self, watchdog: Watchdog) -> None:
        self._watched.discard(watchdog)
        if not self._watched:
            self._some.clear()

    def _run(self) -> None:
        while True:
            self._some.wait()
            time.sleep(BEAT)  # first: most cells are over by then
            for watchdog in list(self._watched):
                watchdog.look()
                del watchdog  # this frame lasts, and would keep a whole run


_guard = _Guard()
