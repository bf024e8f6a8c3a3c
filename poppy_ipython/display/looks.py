"""When a view looks at a run: at most so often, and never for more than its share of the time.

A look comes `interval` after the one before, and not before sixty times as long as that one took: so looks cost at most
1.7 % of the time, however many calls there are. They run on the cell's loop, between the engine's steps. One that raises is
the last one; the run goes on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

__all__ = ["Looks"]

_FIRST = 0.15  # seconds until the first look: a cell that is over before that has no view
_SHARE = 60  # a look may take one part in so many of the time
_LONGEST = 2.0  # seconds until the next look at the most


class Looks:
    """Looks again and again. `look` says whether what it did is to be counted; `failed` hears of an exception, inside it."""

    def __init__(self, look: Callable[[], bool], failed: Callable[[], None], interval: float) -> None:
        self._look = look
        self._failed = failed
        self._interval = interval
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer = loop.call_later(_FIRST, self._tick)

    def stop(self) -> None:
        """No look from now on. Twice is once."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop = None

    def _tick(self) -> None:
        began = time.perf_counter()
        try:
            counts = self._look()
        except Exception:
            self.stop()
            self._failed()
            return
        if self._loop is not None:  # nobody has stopped it meanwhile
            took = time.perf_counter() - began if counts else 0.0
            self._timer = self._loop.call_later(min(max(self._interval, _SHARE * took), _LONGEST), self._tick)
