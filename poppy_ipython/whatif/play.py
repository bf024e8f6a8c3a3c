"""Play a graph: every call issued, held, sent and ended again, by the engine's rules, on a clock of its own.

A heap of moments, and of each call two counts of what it still waits for, to be issued and to be ready. Places at hosts
are given by `backends.slots.Slots`, the very code that gives them in a run: program order, limits, rates, learning. The
kernel's one thread is a number, the time from which it is free. What waits for everything older waits in a heap by
program order, behind the first call that has not ended.

If nothing can go on although something is left, the graph contradicts itself (an edge that was observed under other
times). Then the oldest that waits goes on, and `forced` counts it: a prediction with many of them is not worth much.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf
from random import Random
from typing import TYPE_CHECKING, Any

from poppy_ipython.backends.limits import Limit
from poppy_ipython.backends.pace import CEILING, START
from poppy_ipython.backends.slots import Slots
from poppy_ipython.whatif.graph import NOBODY, Graph

if TYPE_CHECKING:
    from poppy_ipython.trace.trace import Call

__all__ = ["UNLIMITED", "Played", "Rules", "play"]

UNLIMITED = 1 << 30
_ISSUE, _READY, _END, _PART, _WAKE = range(5)


@dataclass(frozen=True)
class Rules:
    """How many calls at once a host takes (None: learned, as in a run without `--max-calls`), and limits by call."""

    max_calls: int | None = None
    passing: bool = True  # what heads a long chain may pass older calls (`backends/order.py`)
    limits: tuple[tuple[Limit, frozenset[int] | None], ...] = ()  # with the calls that each bounds; None: all


@dataclass
class Played:
    """When everything happened, by call; the end of the run."""

    issued: list[float]
    ready: list[float]
    started: list[float]
    ended: list[float]
    cause: list[int]  # whose end let it become ready, or NOBODY
    end: float
    forced: int = 0


class _Asked:
    """A call as `Slots` and those who choose among waiting ones want it: its own record, whatever waits for it."""

    __slots__ = ("cause", "col", "filename", "fn", "index", "line", "number", "position", "record", "stack", "waiting")

    def __init__(self, index: int, position: int, call: Call, waiting: Callable[[int], list[_Asked | None]]) -> None:
        self.index = self.fn = index
        self.position = position
        self.waiting = waiting
        self.number, self.filename, self.line, self.col, self.stack = call.number, call.filename, call.line, call.col, call.stack
        self.cause: _Asked | None = None
        self.record = self

    def followers(self) -> list[_Asked | None]:
        """The calls that are issued and wait for this one; None for a unit that does."""
        return self.waiting(self.index)


class _Limits:
    """Who is bounded by what, in the shape of a `Book`."""

    def __init__(self, limits: Sequence[tuple[Limit, frozenset[int] | None]]) -> None:
        self.limits = limits
        self.some = bool(limits)

    def of(self, index: int, host: str, resource: object) -> tuple[Limit, ...]:
        return tuple(limit for limit, calls in self.limits if calls is None or index in calls)


def play(graph: Graph, rules: Rules) -> Played:
    """Play it once.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> from poppy_ipython.trace.trace import Trace
    >>> from poppy_ipython.whatif.graph import graph
    >>> a, b = (CallRecord(n, "ask", issued=0, ready=0, started=0, ended=2.0, position=(n,)) for n in (1, 2))
    >>> play(graph(Trace.of([a, b])), Rules(max_calls=1)).end
    4.0
    """
    n = len(graph)
    seconds, rank, at_once = graph.seconds, graph.rank, graph.at_once
    lag, busy, late, gap, head, gone = graph.lag, graph.busy, graph.late, graph.gap, graph.head, graph.gone
    issued, ready, started, ended = [0.0] * n, [0.0] * n, [0.0] * n, [0.0] * n
    to_issue, to_ready = [0] * n, [1] * n  # what is still waited for; being issued is one of them
    followers: list[list[int]] = [[] for _ in range(n)]  # in their turns
    of_end: list[list[int]] = [[] for _ in range(n)]  # c: issue of c; ~c: readiness of c
    of_part: dict[int, list[tuple[float, int]]] = {}
    behind: list[tuple[int, int]] = []  # heap: rank, and who waits until everything older has ended
    for i in range(n):
        if graph.turn[i] != NOBODY:
            followers[graph.turn[i]].append(i)
            to_issue[i] += 1
        for causes, who, counts in ((graph.trigger[i], i, to_issue), (graph.operands[i], ~i, to_ready)):
            for cause, part in causes:
                counts[i] += 1
                if part == 1.0:
                    of_end[cause].append(who)
                else:
                    of_part.setdefault(cause, []).append((part, who))
        if graph.fence[i]:
            to_issue[i] += 1
            heappush(behind, (rank[i], i))
        if head[i]:
            to_ready[i] += 1
            heappush(behind, (rank[i], ~i))
    heap: list[tuple[float, int, int, int]] = []  # when, order, what, who
    order = 0
    now = kernel = 0.0
    over = [False] * (n + 1)  # by rank
    oldest = 0  # rank of the first call that has not ended
    left = n
    forced = 0
    by = NOBODY  # the call whose end is being passed on
    issuer, releaser = [NOBODY] * n, [NOBODY] * n  # whose end let it be issued, become ready

    def push(when: float, what: int, who: int) -> None:
        nonlocal order
        order += 1
        heappush(heap, (when, order, what, who))

    def send(call: Any, lane: Any) -> None:
        nonlocal order
        i = call.index
        lanes[i] = lane
        started[i] = began = now + gap[i]
        order += 1
        heappush(heap, (began + seconds[i], order, _END, i))
        if i in of_part:
            for part, who in of_part[i]:
                push(began + part * seconds[i], _PART, len(parts))
                parts.append((i, who))

    alarm = inf

    def wake(when: float) -> None:
        nonlocal alarm
        if when < alarm:
            alarm = when
            push(when, _WAKE, 0)

    known: list[_Asked | None] = [None] * n
    by_rank = sorted(range(n), key=rank.__getitem__)

    def asked(i: int) -> _Asked:
        found = known[i]
        if found is None:
            found = known[i] = _Asked(i, rank[i], graph.calls[i], waiting)
        return found

    def waiting(i: int) -> list[_Asked | None]:
        found: list[_Asked | None] = []
        for who in of_end[i]:
            if who < 0:
                if to_issue[~who] < 0 < to_ready[~who]:
                    found.append(asked(~who))
            elif (before := by_rank[rank[who] - 1]) == i or to_issue[before] < 0:  # the program has come to where it waits
                found.append(None)
        return found

    parts: list[tuple[int, int]] = []
    lanes: list[Any] = [None] * n
    start = rules.max_calls or START
    slots = Slots(
        start,
        send,
        ceiling=rules.max_calls or CEILING,
        clock=lambda: now,
        wake=wake,
        book=_Limits(rules.limits),  # type: ignore[arg-type]
        random=Random(0),
    )
    if not rules.passing:
        slots.chains = None

    def tell(who: int, at: float) -> None:
        """One thing less to wait for."""
        if who >= 0:
            to_issue[who] -= 1
            if to_issue[who] == 0:
                issuer[who] = by
                push(at + lag[who], _ISSUE, who)
        else:
            to_ready[~who] -= 1
            if to_ready[~who] == 0:
                releaser[~who] = by
                push(at + late[~who], _READY, ~who)

    def pass_by() -> None:
        """The first call that has not ended is another one now."""
        nonlocal oldest
        while over[oldest]:
            oldest += 1
        while behind and behind[0][0] <= oldest:
            tell(heappop(behind)[1], now)

    for i in range(n):
        if gone[i]:
            over[rank[i]] = True
    for i in range(n):
        if to_issue[i] == 0:
            push(lag[i], _ISSUE, i)
    pass_by()
    while left:
        if not heap:
            forced += 1
            stuck = [(rank[i], i) for i in range(n) if to_issue[i] > 0] or [(rank[i], i) for i in range(n) if to_ready[i] > 0]
            if not stuck:
                break  # held by a limit for ever: nothing is known of these
            _, i = min(stuck)
            if to_issue[i] > 0:
                to_issue[i] = 0
                push(now, _ISSUE, i)
            else:
                to_ready[i] = 0
                push(now, _READY, i)
            continue
        now, _, what, i = heappop(heap)
        if what == _END:
            ended[i] = now
            by = i
            left -= 1
            if lanes[i] is not None:
                lane = lanes[i]
                if lane.gates or lane.host.waiting:
                    slots.answered(lane, asked(i), started[i], seconds[i], None)
            for who in of_end[i]:
                tell(who, now)
            if not over[rank[i]]:
                over[rank[i]] = True
                if rank[i] == oldest:
                    pass_by()
            if lanes[i] is not None:
                slots.left(lanes[i], now)
        elif what == _ISSUE:
            if issued[i] or to_issue[i] < 0:
                continue
            to_issue[i] = -1
            now = kernel = max(now, kernel) + busy[i]
            by = issuer[i]
            issued[i] = now
            for who in followers[i]:
                tell(who, now)
            tell(~i, now)
        elif what == _READY:
            to_ready[i] = -1
            ready[i] = now
            if at_once[i]:
                started[i] = now
                push(now, _END, i)
            else:
                call = asked(i)
                call.cause = None if releaser[i] == NOBODY else asked(releaser[i])
                slots.submit(call, graph.host[i])
        elif what == _PART:
            by, who = parts[i]
            tell(who, now)
        elif now >= alarm:
            alarm = inf
            slots.pump()
    real = max((ended[i] for i in range(n) if not gone[i]), default=0.0)
    return Played(issued, ready, started, ended, releaser, real + graph.tail, forced)
