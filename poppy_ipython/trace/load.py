"""The load on one host over time, and whether its answers took longer because of it.

`Load` is the number of calls in flight as a step function, with running sums, so that "how many on average between
these two times" costs a binary search. On it rests the one claim about a server that is made anywhere: that it answers
*slower when busy*. It is claimed only for a callee of which the same run shows both sides:

    alone   at least two calls that had on average ≤ 1.25 in flight at their host, themselves included
    busy    at least two calls that had ≥ 1.75
    slower  the busy median is at least 1.5 times the one alone, and three quarters of the busy calls were slower than
            the slowest one alone

Calls of different length that were all sent at once prove nothing: the server may work them off one by one, or some
prompts are longer than others; a single measurement cannot tell these apart, so neither do we.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from poppy_ipython.trace.trace import Call, Trace

__all__ = ["Load", "Slowdown", "loads", "slowdowns"]

_ALONE, _BUSY, _SLOWER, _MOST = 1.25, 1.75, 1.5, 0.75


class Load:
    """How many calls were in flight, as a step function of time.

    >>> load = Load([(0.0, 1), (1.0, 3), (2.0, 0)])
    >>> load.average(0.5, 1.5), load.busy(0.0, 9.0)
    (2.0, 2.0)
    """

    __slots__ = ("_area", "_busy", "_flying", "_times")

    def __init__(self, steps: Iterable[tuple[float, int]]) -> None:
        steps = list(steps)
        self._times = [time for time, _ in steps]
        self._flying = [flying for _, flying in steps]
        self._area, self._busy = [0.0], [0.0]
        for (time, flying), (after, _) in pairwise(steps):
            self._area.append(self._area[-1] + flying * (after - time))
            self._busy.append(self._busy[-1] + (after - time if flying else 0.0))

    def average(self, begin: float, end: float) -> float:
        """The average number in flight from `begin` to `end`."""
        return (self._sum(end)[0] - self._sum(begin)[0]) / (end - begin) if end > begin else 0.0

    def busy(self, begin: float, end: float) -> float:
        """For how many of the seconds from `begin` to `end` anything was in flight."""
        return self._sum(end)[1] - self._sum(begin)[1]

    def _sum(self, time: float) -> tuple[float, float]:
        at = bisect_right(self._times, time) - 1
        if at < 0:
            return 0.0, 0.0
        flying, since = self._flying[at], time - self._times[at]
        return self._area[at] + flying * since, self._busy[at] + (since if flying else 0.0)


@dataclass(frozen=True, slots=True)
class Slowdown:
    """What is proven of a callee: the median seconds of its calls alone and when busy, and which calls were slowed."""

    alone: float
    busy: float
    slowed: frozenset[int]

    def excess(self, call: Call) -> float:
        """How much longer `call` took than its kind takes alone; 0 unless it was slowed down."""
        return max(0.0, call.seconds - self.alone) if call.number in self.slowed else 0.0


def loads(trace: Trace) -> dict[str | None, Load]:
    """The load of every host."""
    calls: dict[str | None, list[Call]] = defaultdict(list)
    for call in trace.sent:
        calls[call.host].append(call)
    return {host: Load(trace.in_flight(there)) for host, there in calls.items()}


def slowdowns(trace: Trace, of: dict[str | None, Load] | None = None) -> dict[tuple[str, str | None], Slowdown]:
    """The callees that were proven slower when busy, by callee and host."""
    of = loads(trace) if of is None else of
    kinds: dict[tuple[str, str | None], list[tuple[float, Call]]] = defaultdict(list)
    for call in trace.sent:
        if call.outcome == "ok" and call.seconds > 0:
            load = of[call.host].average(call.started or 0.0, call.until or 0.0)
            kinds[call.callee, call.host].append((load, call))
    found = {}
    for kind, measured in kinds.items():
        alone = [call.seconds for load, call in measured if load <= _ALONE]
        busy = [call for load, call in measured if load >= _BUSY]
        if len(alone) < 2 or len(busy) < 2:
            continue
        slowed = frozenset(call.number for call in busy if call.seconds > max(alone))
        typical = median(call.seconds for call in busy)
        if len(slowed) >= _MOST * len(busy) and typical >= _SLOWER * median(alone):
            found[kind] = Slowdown(median(alone), typical, slowed)
    return found
