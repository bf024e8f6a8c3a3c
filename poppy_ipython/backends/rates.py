"""Counting against a limit: calls at once, and a sum within any window of 60 seconds.

The window is a *log*: what was taken when. A token bucket was decided against: after an idle minute it lets nearly two
minutes' worth through within one, and a server that counts by the minute refuses. With a log no 60 seconds ever hold more
than the limit, whether the server counts in fixed minutes, sliding ones, or with a bucket of its own. A request arrives some
time after it was sent, so the window is longer by `MARGIN`.

What a call takes may be known only afterwards (tokens): `correct` rewrites its entry. A call that needs more than a whole
window holds is sent when the window is empty: a plain run would have sent it, too.

Counts of rates belong to the process, not to a run: a server's minute does not end with a cell.

Pure bookkeeping: the time is always an argument.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from poppy_ipython.backends.limits import Limit

__all__ = ["Gate", "Window", "Windows", "estimated_tokens", "used_tokens"]

SECONDS = 60.0
MARGIN = 0.25
CHARACTERS_PER_TOKEN = 4
_DEPTH = 6
_NEARLY = 1e-9


class Window:
    """At most `most` within any `seconds`.

    >>> window = Window(2, seconds=10.0)
    >>> _ = window.take(0.0, 1), window.take(3.0, 1)
    >>> window.opens(4.0, 1), window.opens(12.0, 1)
    (10.0, 12.0)
    """

    __slots__ = ("_log", "_sum", "most", "seconds")

    def __init__(self, most: float, seconds: float = SECONDS + MARGIN) -> None:
        self.most = most
        self.seconds = seconds
        self._log: deque[list[float]] = deque()  # [when, amount]
        self._sum = 0.0

    def opens(self, now: float, amount: float, reserved: float = 0.0) -> float:
        """The earliest time at which `amount` fits, if nothing else is taken until then: `now` if it does already."""
        self._forget(now)
        room = self.most - min(amount, self.most) - reserved
        if room < 0 < reserved:
            return now + self.seconds  # not before what is reserved was taken
        over = self._sum - room
        if over <= _NEARLY:
            return now
        for when, taken in self._log:
            over -= taken
            if over <= _NEARLY:
                return when + self.seconds
        return now + self.seconds

    def take(self, now: float, amount: float) -> list[float]:
        """Note that `amount` was taken; the ticket is for `correct`."""
        self._forget(now)
        ticket = [now, amount]
        self._log.append(ticket)
        self._sum += amount
        return ticket

    def correct(self, ticket: list[float], amount: float) -> None:
        """It was `amount`, as is known now."""
        if self._log and ticket[0] >= self._log[0][0]:
            self._sum += amount - ticket[1]
        ticket[1] = amount

    def taken(self, now: float) -> float:
        """The sum within the window that ends now."""
        self._forget(now)
        return self._sum

    def _forget(self, now: float) -> None:
        log = self._log
        while log and log[0][0] + self.seconds <= now:
            self._sum -= log.popleft()[1]
        if not log:
            self._sum = 0.0  # no rounding is carried along


Windows = dict[object, tuple["Window | None", "Window | None"]]
"""Windows of requests and of tokens by the identity of their limit."""


class Gate:
    """One declared limit and what has been taken of it. `out` counts calls in flight, `lost` those given up among them."""

    __slots__ = ("limit", "lost", "out", "requests", "reserved", "tickets", "tokens")

    def __init__(self, limit: Limit, windows: Windows) -> None:
        self.out = 0
        self.lost = 0
        self.change(limit, windows)
        self.tickets: dict[int, list[float]] = {}  # id(call) -> its entry among the tokens
        self.reserved: tuple[int, float] = (0, 0.0)  # for the oldest call that waits: calls, tokens

    def change(self, limit: Limit, windows: Windows) -> None:
        """Go by `limit` from now on; what was counted stays."""
        self.limit = limit
        requests, tokens = windows.get(limit.identity, (None, None))
        self.requests = _window(limit.per_minute, requests)
        self.tokens = _window(limit.tokens_per_minute, tokens)
        windows[limit.identity] = self.requests, self.tokens

    def opens(self, now: float, tokens: float) -> float | None:
        """When a call may pass, as far as time decides it (`now`: at once); None: not before another is back."""
        calls, held = self.reserved
        most = self.limit.calls
        # of what is out one may always be wanted: an abandoned call that never returns must not stop the program
        if most is not None and self.out + calls >= most and (calls or self.out != self.lost):
            return None
        when = now
        if self.requests is not None:
            when = max(when, self.requests.opens(now, 1.0, calls))
        if self.tokens is not None:
            when = max(when, self.tokens.opens(now, tokens, held))
        return when

    def take(self, now: float, call: Any, tokens: float) -> None:
        self.out += 1
        if self.requests is not None:
            self.requests.take(now, 1.0)
        if self.tokens is not None:
            self.tickets[id(call)] = self.tokens.take(now, tokens)

    def correct(self, call: Any, tokens: float | None) -> None:
        """The call is back; it took `tokens`, if that is known."""
        ticket = self.tickets.pop(id(call), None)
        if ticket is not None and tokens is not None and self.tokens is not None:
            self.tokens.correct(ticket, tokens)


def _window(most: float | None, before: Window | None) -> Window | None:
    if most is None:
        return None
    if before is None:
        return Window(most)
    before.most = most
    return before


def estimated_tokens(limit: Limit, call: Any) -> float:
    """What a call will take of `tokens_per_minute`, before it is sent."""
    if limit.tokens is not None:
        try:
            return max(0.0, float(limit.tokens(*call.args, **call.kwargs)))
        except Exception:  # the user's estimate fails: ours will do
            pass
    kwargs: Mapping[str, Any] = call.kwargs
    length = sum(_length(value, _DEPTH) for value in (*call.args, *kwargs.values()))
    most = next((kwargs[name] for name in ("max_completion_tokens", "max_tokens", "max_output_tokens") if name in kwargs), 0)
    return length / CHARACTERS_PER_TOKEN + (most if most.__class__ is int else 0)


def _length(value: Any, depth: int) -> int:
    """Characters of text in exact builtins: no code of anybody runs."""
    kind = value.__class__
    if kind is str:
        return len(value)
    if depth and (kind is list or kind is tuple):
        return sum(_length(item, depth - 1) for item in value)
    if depth and kind is dict:
        return sum(_length(item, depth - 1) for item in list(value.values()))
    return 0


def used_tokens(value: Any) -> float | None:
    """The tokens that an answer says it took (`usage.total_tokens`), read without running anybody's code."""
    usage = _field(value, "usage")
    found = None if usage is None else _field(usage, "total_tokens")
    return float(found) if found.__class__ is int else None


def _field(value: Any, name: str) -> Any:
    if value.__class__ is dict:
        return value.get(name)
    try:
        return object.__getattribute__(value, "__dict__").get(name)
    except AttributeError:
        return None
