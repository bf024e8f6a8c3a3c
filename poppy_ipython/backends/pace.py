"""How many calls at once a host takes: learned while calls go out, between 1 and a ceiling.

    16 ──▶ 17 ──▶ 19 ──▶ 23 ──▶ 31 ──▶ …      a window of answers, as fast as ever: one more, then two more, then four
       ◀──(a window that took a quarter longer)──           back, and wait before trying again
       ◀──(refused above what was proven)──                 back to what was proven; ever longer until the next try
       ◀──(refused at what was proven)── half, at most once per round trip

and no call at all until the host's `Retry-After` is over.

Growing pays only while it buys throughput: by Little's law calls at once are throughput times latency, so when latency
grows as much as the number at once, a server is full. A window is as many answers as may be out at once, all sent while
calls were waiting: what a host does with fewer says nothing about more. Its measure is the *median*, because lengths of
answers differ, and the quickest median ever seen (slowly forgotten) is what it is compared with. After TCP's slow start and
the gradient limiters; a fixed number was decided against, because the right one differs by a factor of a hundred between
a laptop's service and a provider's. Steps begin with a single call, as limits are so often just what one starts with (16):
growing by half at once had eight calls refused there, and reaches 256 one window earlier.

Waiting after a refusal is jittered, always upwards, so that those who were refused together do not come back together.
The random source is given, so that a test repeats. `Retry-After` is the server's word, but not taken literally in any case:
one in the past means now, none holds a notebook for longer than `LONGEST`, and one of hours is somebody's broken clock.

Pure bookkeeping: times are arguments.
"""

from __future__ import annotations

from random import Random
from statistics import median

__all__ = ["LONGEST", "OVERLOADED", "START", "Pace"]

START = 16
CEILING = 256
LONGEST = 120.0
UNBELIEVABLE = 3600.0
FIRST_PAUSE = 0.5
OVERLOADED = frozenset({429, 503, 529})
_SLOWER = 1.25
_LEAST = 8  # answers in a window
_MOST_REST = 256


class Pace:
    """One host's number of calls at once, and until when it wants none.

    >>> pace = Pace(Random(1), start=8)
    >>> for n in range(8 + 9): pace.answered(started=float(n), seconds=1.0, full=True)
    >>> pace.calls                                          # 8, then 9, then 11
    11
    >>> pace.refused(now=20.0, started=19.0, after=None)    # too many: 9 were not
    >>> pace.calls, pace.until
    (9, 0.0)
    >>> pace.refused(now=30.0, started=29.0, after=3.0)
    >>> pace.calls, 33.0 <= pace.until <= 34.0
    (4, True)
    """

    __slots__ = (
        "_best", "_cut", "_exact", "_next_rest", "_proven", "_random", "_rest", "_start", "_step", "_window", "calls",
        "ceiling", "refusals", "since", "until",
    )  # fmt: skip

    def __init__(self, random: Random, start: int = START, ceiling: int = CEILING) -> None:
        if start < 1:
            raise ValueError(f"at most {start} calls at once: at least 1 is needed.")
        self.calls = start
        self.ceiling = max(start, ceiling)
        self.until = 0.0  # no call before this
        self.since = 0.0  # answers to calls that were sent before this say nothing about `calls`
        self._start = start
        self._exact = float(start)
        self._random = random
        self._window: list[float] = []
        self._best = 0.0
        self._proven = 0.0  # the most at which a whole window was answered
        self._step = 1.0  # how many more the next time
        self._rest = 0  # windows before the next try to grow
        self._next_rest = 4
        self._cut = -1.0  # the last time that a refusal made it smaller
        self.refusals = 0  # since the last answer

    def answered(self, started: float, seconds: float, full: bool) -> None:
        """A call came back well. `full`: others were waiting when it was sent."""
        self.refusals = 0
        if not full or started < self.since:
            return
        window = self._window
        window.append(seconds)
        if len(window) < max(_LEAST, self.calls):
            return
        typical = median(window)
        window.clear()
        self.since = started + seconds
        self._proven = max(self._proven, self._exact)
        if not self._best or typical < self._best:
            self._best = typical
        if typical > _SLOWER * self._best:
            self._rest, self._step = 4, 1.0
            if self._exact > self._start:
                self._set(max(float(self._start), self._exact / 1.5))
        elif self._rest:
            self._rest -= 1
        else:
            self._set(self._exact + self._step)
            self._step *= 2.0
        self._best *= 1.02

    def refused(self, now: float, started: float, after: float | None) -> None:
        """The host had too much. `after`: its `Retry-After`, in seconds from now."""
        self._window.clear()
        self.since = now
        alone = after is None and started <= self._cut  # of those that were out together with the one that counted
        if started > self._cut:
            self._cut = now
            if after is None and 0.0 < self._proven < self._exact:
                self._set(self._proven)
                self._rest, self._step = self._next_rest, 1.0
                self._next_rest = min(4 * self._next_rest, _MOST_REST)
                alone = True  # the host goes on; whoever was refused waits for itself
            else:
                self.refusals += 1
                self._step = 1.0
                self._set(self._exact / 2)
                self._proven = min(self._proven, self._exact)
        if not alone:
            self.until = max(self.until, now + self.pause(self.refusals, after))

    def wait(self, now: float, after: float) -> None:
        """The host counts calls and wants none for now; that says nothing about how many at once."""
        self._window.clear()
        self.since = self._cut = now
        self.until = max(self.until, now + self.pause(1, after))

    def pause(self, attempt: int, after: float | None = None) -> float:
        """Seconds to wait before sending again, after refusal number `attempt` in a row."""
        if after is None or after > UNBELIEVABLE:
            after = FIRST_PAUSE * 2.0 ** min(max(attempt, 1) - 1, 8)
        after = min(max(after, 0.0), LONGEST)
        return after + self._random.uniform(0.0, min(1.0, 0.25 * after + 0.05))

    def _set(self, exact: float) -> None:
        self._exact = min(max(1.0, exact), float(self.ceiling))
        self.calls = int(self._exact)
