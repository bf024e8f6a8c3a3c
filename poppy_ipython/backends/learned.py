"""What a host lets through per minute, learned from its refusals.

A 429 with a `Retry-After` of seconds is not about calls at once, which are over within a round trip: somebody counts. How
many it counts to is known when it is reached, and then exactly: what came through within the 60 seconds before. So the
first refusal is the last one, for as long as the limit stays what it is.

When is a refusal taken for that? A wrong belief is dear (thirty calls a minute, because once in thirty a gateway was tired
and asked for ten seconds of rest), so the words must fit the count:

* the oldest call that came through within the last minute was sent 60 - `Retry-After` seconds ago: whoever counts a sliding
  minute, or one that began with the first call, says just that; or
* the host names the limit and that nothing is left of it (`x-ratelimit-limit-requests`, `anthropic-ratelimit-…`).

Anything else is waited for and counts as too many at once (`pace.py`). What is learned holds for the process, as servers do
not know of cells, and is raised by a twentieth whenever five minutes have passed without a refusal. Nothing is learned
where somebody has declared `per_minute`.

Pure bookkeeping: times are arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from poppy_ipython.backends.limits import Limit
from poppy_ipython.backends.rates import SECONDS

__all__ = ["SHORTEST", "Lessons", "Tally", "named", "raised"]

SHORTEST = 1.0
"""A `Retry-After` of less is about calls at once."""

_FITS = 1.5
_LEAST = 5  # calls: fewer say nothing
_KEPT = 70  # seconds
_CLEAN = 300.0

Lessons = dict[str, tuple[Limit, float]]
"""What was learned, by host, and as of when."""


class Tally:
    """Calls of one host that came through, by the second in which they were sent.

    >>> tally = Tally()
    >>> for n in range(120): tally.through(sent=100.0 + n / 10)
    >>> tally.fits(now=112.0, after=48.0), tally.fits(now=112.0, after=10.0)
    (True, False)
    >>> tally.within(112.0)
    120
    """

    __slots__ = ("_by_second", "_first", "named", "refused", "until")

    def __init__(self) -> None:
        self._by_second: dict[int, int] = {}
        self._first: dict[int, float] = {}  # of each second
        self.refused = 0.0  # when a limit per minute was reached
        self.until: float | None = None  # the end of the pause that it asks for; None: there is none
        self.named: int | None = None  # the limit, in the host's own words

    def through(self, sent: float) -> None:
        second = int(sent)
        counts = self._by_second
        if second in counts:
            counts[second] += 1
            return
        counts[second] = 1
        self._first[second] = sent
        if len(counts) > 2 * _KEPT:
            for old in [one for one in counts if one < second - _KEPT]:
                del counts[old], self._first[old]

    def fits(self, now: float, after: float) -> bool:
        """Whether the host counts the minute that we see."""
        recent = [sent for sent in self._first.values() if sent > now - SECONDS]
        return bool(recent) and abs(min(recent) + SECONDS - (now + after)) <= _FITS

    def full(self, now: float, until: float, named: int | None) -> None:
        """The host has counted to its limit and wants nothing before `until`."""
        if self.until is None:
            self.refused, self.named = now, None
        self.until, self.named = until, named or self.named

    def limit(self) -> int:
        """What it counted to, once all that was out is back."""
        return self.named or self.within(self.refused)

    def within(self, now: float) -> int:
        """How many came through in the minute before."""
        return sum(count for second, count in self._by_second.items() if self._first[second] > now - SECONDS)

    def spent(self, now: float) -> list[tuple[float, int]]:
        """The same one by one: when (never too early) and how many."""
        return sorted((second + 1.0, count) for second, count in self._by_second.items() if second + 1.0 > now - SECONDS)


def named(error: BaseException) -> int | None:
    """The requests per minute that a refusal names as used up.

    >>> from types import SimpleNamespace
    >>> error = OSError()
    >>> error.response = SimpleNamespace(headers={"x-ratelimit-limit-requests": "500", "x-ratelimit-remaining-requests": "0"})
    >>> named(error)
    500
    """
    headers: Any = getattr(getattr(error, "response", None), "headers", None)
    if not isinstance(headers, Mapping):
        return None
    for kind in ("x-ratelimit-{}-requests", "anthropic-ratelimit-requests-{}"):
        try:
            most, left = int(headers[kind.format("limit")]), int(headers[kind.format("remaining")])
        except (KeyError, ValueError, TypeError):
            continue
        if left == 0 and most >= 1:
            return most
    return None


def learned(host: str, most: int, before: Limit | None) -> Limit:
    """The limit to go by, in the place of what was believed before."""
    if before is not None:
        return replace(before, per_minute=most)
    return Limit((host,), per_minute=most)


def believed(count: int) -> bool:
    """Whether so many calls are enough to take it for a count."""
    return count >= _LEAST


def raised(limit: Limit, since: float, now: float) -> Limit | None:
    """A twentieth more, if the host has refused nothing for long: limits are raised, and nobody tells."""
    if limit.per_minute is None or now - since < _CLEAN:
        return None
    return replace(limit, per_minute=limit.per_minute * 1.05)
