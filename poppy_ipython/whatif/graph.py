"""The recorded run as something that can be played again with other times: who waits for whom, and what Python took.

    a turn: the calls that one resumption of a unit issues, one after the other

    end of 3 ──lag──▶ busy ▶ issue 7 ──▶ busy ▶ issue 8 ──▶ …        the kernel's one thread does the `busy` parts,
             trigger                prev                              one at a time; `lag` is what else went by
                                      └─ operands, older writes, the head ──▶ ready ──▶ (a place) ──▶ sent

Of each call the trace tells what let its issuer go on (its *trigger*), which answers came in as arguments after that
(its *operands*), and where it stands in program order. What the engine's rules add is put in here:

* A trigger that was a fence or a commit stands for *all* older calls, not only for the one that happened to be the last:
  it is a barrier at its place in program order. So is the head, for which ordered effects wait.
* A read of a resource waits for the nearest older write of it.
* A call that was issued in the same turn as another one is never issued before it.
* An answer that came in while its call was still going on (a stream) counts from the part of the call that was over.

What Python took is measured, not modelled: of the time between a cause and an issue, whatever other turns used is
theirs; what is left since the engine's last sign of life is `busy` (it needs the kernel's thread), the rest is `lag`.

Decided against: an edge to each of the older calls behind a barrier (quadratic), and edges found in the text alone for
calls that were observed otherwise (names do not know branches).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from poppy_ipython.trace.flow import Flow

if TYPE_CHECKING:
    from poppy_ipython.trace.trace import Call, Trace

__all__ = ["BARRIERS", "Graph", "graph"]

BARRIERS = ("unknown", "commit", "window")
NOBODY = -1
_AT_ONCE = 1e-3  # seconds from ready to sent that nobody need explain
_EPS = 1e-9
_GONE = ("cancelled", "abandoned")


@dataclass
class Graph:
    """Columns by call, in the order of issue; a call is its index in them. A lever makes another one of it.

    A pair `(cause, part)` is the moment when that part of the cause's flight was over; 1 is its end.
    """

    calls: tuple[Call, ...]
    seconds: list[float]
    rank: list[int]  # place in program order
    host: list[str]
    turn: list[int]  # the call issued before it in its turn, or NOBODY
    fence: list[bool]  # its turn began behind a barrier
    trigger: list[tuple[tuple[int, float], ...]]
    lag: list[float]
    busy: list[float]
    head: list[bool]  # is sent at the head only
    operands: list[tuple[tuple[int, float], ...]]
    late: list[float]  # from the last operand to being ready
    gap: list[float]  # from a place to being sent
    gone: list[bool]  # nobody waited for its end
    tail: float = 0.0  # from the last end to the end of the run
    at_once: list[bool] = field(default_factory=list)  # answered without being sent

    def __len__(self) -> int:
        return len(self.calls)

    def copy(self) -> Graph:
        """Another one whose columns may be changed."""
        columns: dict[str, Any] = {name: list(value) for name, value in vars(self).items() if isinstance(value, list)}
        return replace(self, **columns)


def graph(trace: Trace) -> Graph:
    """Read the graph off a trace.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> from poppy_ipython.trace.trace import Trace
    >>> a = CallRecord(1, "a", issued=0, ready=0, started=0, ended=4.0, position=(1,))
    >>> c = CallRecord(2, "c", issued=0, ready=4.0, started=4.0, ended=6.0, position=(2,), needs=[(a, "data", None, None)])
    >>> graph(Trace.of([a, c])).operands
    [(), ((0, 1.0),)]
    """
    calls = tuple(sorted(trace.sent, key=lambda call: (call.issued_at, call.number)))
    index = {call.number: i for i, call in enumerate(calls)}
    order = sorted(range(len(calls)), key=lambda i: (calls[i].position, calls[i].number))
    rank = [0] * len(calls)
    for place, i in enumerate(order):
        rank[i] = place
    gone = [call.outcome in _GONE or call.ended is None for call in calls]
    done = _done(calls, order, gone)
    writes = _writes(calls, order)
    work = _Work(calls)
    siblings = _Siblings(trace, calls, rank)
    ends = _Ends(calls, gone)
    made = Graph(calls, [c.seconds for c in calls], rank, [c.host or "" for c in calls], [], [], [], [], [], [], [], [], [], gone)
    last: dict[object, int] = {}
    of_turn: dict[object, set[tuple[int, float]]] = {}
    for i, call in enumerate(calls):
        issued, ready, started = call.issued_at, call.ready_at, call.started or 0.0
        found = _needs(call, calls, index, siblings)
        before = [need for need in found if need[1] <= issued + _EPS]
        key = before[0][2:] if before else None
        previous = last.get(key, NOBODY) if not before or before[0][0][1] == 1.0 else NOBODY  # a part is a turn of its own
        last[key] = i
        fence = previous == NOBODY and key is not None and key[1] in BARRIERS and done[rank[i]] <= issued + _EPS
        if key is None and (end := ends.before(issued)) is not None:
            since = calls[previous].issued_at if previous != NOBODY else 0.0
            if since < _end(calls[end]) and rank[end] < rank[i]:  # something was over meanwhile: it is what was waited for
                previous, fence = NOBODY, done[rank[i]] <= issued + _EPS
                before = [((end, 1.0), _end(calls[end]), end, "start", None, None)]
        trigger = () if fence else tuple(dict.fromkeys(need[0] for need in before))
        if previous != NOBODY:  # what the whole turn has waited for is its first call's matter
            known = of_turn[key]
            trigger = tuple(pair for pair in trigger if pair not in known)
            known.update(trigger)
        else:
            of_turn[key] = set(trigger)
        base = calls[previous].issued_at if previous != NOBODY else done[rank[i]] if fence else 0.0
        base = max([base, *(_when(calls, pair) for pair in trigger)])
        made.turn.append(previous)
        made.fence.append(fence)
        made.trigger.append(trigger)
        busy, lag = work.split(min(base, issued), issued)
        made.busy.append(busy)
        made.lag.append(lag)
        head = (call.effect == "sequential" or (call.reason == "commit" and call.reason_line is None)) and (
            done[rank[i]] <= ready + _EPS
        )
        made.head.append(head)
        operands = () if head else tuple(dict.fromkeys(need[0] for need in found if need[1] > issued + _EPS))
        if call.effect == "readonly" and (write := writes.get(i, NOBODY)) != NOBODY and _end(calls[write]) <= ready + _EPS:
            operands = (*operands, (write, 1.0))
        made.operands.append(operands)
        base = max([issued, done[rank[i]] if head else 0.0, *(_when(calls, pair) for pair in operands)])
        made.late.append(max(0.0, ready - base))
        made.gap.append(started - ready if started - ready < _AT_ONCE else 0.0)
    made.at_once = [False] * len(calls)
    made.tail = max(0.0, trace.wall - max((_end(call) for i, call in enumerate(calls) if not gone[i]), default=0.0))
    return made


def _needs(
    call: Call, calls: tuple[Call, ...], index: dict[int, int], siblings: _Siblings
) -> list[tuple[tuple[int, float], float, int, str, int | None, str | None]]:
    """What a call or its issuer waited for: (cause and part), when that was, and what tells one wait from another."""
    ready = call.ready_at
    found: list[tuple[tuple[int, float], float, int, str, int | None, str | None]] = []
    needs = call.needs
    if call.cause is not None and all(need[0] != call.cause for need in needs):
        needs = (*needs, (call.cause, call.reason, call.reason_line, call.reason_detail))
    for number, reason, line, detail in needs:
        i = index.get(number)
        if i is None or calls[i] is call:
            continue
        end, start = _end(calls[i]), calls[i].started or 0.0
        if end <= ready + _EPS:
            found.append(((i, 1.0), end, number, reason, line, detail))
        elif start <= call.issued_at < end:  # it went on: a stream
            part = (call.issued_at - start) / (end - start)
            found.append(((i, part), call.issued_at, number, reason, line, detail))
    known = {need[0][0] for need in found}
    for (i, part), _, _, why, line, detail in list(found):
        if part == 1.0 and why in ("data", "branch", "commit"):
            others = siblings.of(i, index[call.number])
            if not others and why == "data" and line is not None:
                others = siblings.together(i, [need[0][0] for need in found if need[3:5] == (why, line)], index[call.number])
            for other in others:
                if other not in known and _end(calls[other]) <= ready + _EPS:
                    known.add(other)
                    found.append(((other, 1.0), _end(calls[other]), calls[i].number, why, line, detail))
    return found


def _end(call: Call) -> float:
    return call.until or 0.0


def _when(calls: tuple[Call, ...], pair: tuple[int, float]) -> float:
    call, part = calls[pair[0]], pair[1]
    return _end(call) if part == 1.0 else (call.started or 0.0) + part * call.seconds


def _done(calls: tuple[Call, ...], order: list[int], gone: list[bool]) -> list[float]:
    """By rank: when everything older had ended."""
    found, latest = [], 0.0
    for i in order:
        found.append(latest)
        if not gone[i]:
            latest = max(latest, _end(calls[i]))
    return found


def _writes(calls: tuple[Call, ...], order: list[int]) -> dict[int, int]:
    """For each read of a resource the nearest older write of it."""
    found: dict[int, int] = {}
    last: dict[str | None, int] = {}
    for i in order:
        call = calls[i]
        if call.effect == "sequential":
            last[call.resource] = i
        elif call.effect == "readonly" and call.resource in last:
            found[i] = last[call.resource]
    return found


class _Ends:
    """Which call was over last at a time."""

    def __init__(self, calls: tuple[Call, ...], gone: list[bool]) -> None:
        self._order = sorted((_end(call), i) for i, call in enumerate(calls) if not gone[i])

    def before(self, time: float) -> int | None:
        at = bisect_right(self._order, (time + _EPS, len(self._order))) - 1
        return self._order[at][1] if at >= 0 else None


class _Siblings:
    """The other calls behind a container that is used as a whole: the engine noted the last of them to arrive.

    Those of the same place, whichever invocation of a helper made them, since the last call that used the container; and
    only within one invocation of the function around them all.
    """

    def __init__(self, trace: Trace, calls: tuple[Call, ...], rank: list[int]) -> None:
        self._flow = Flow(trace.sources)
        self._calls, self._rank = calls, rank
        self._places: dict[tuple[object, ...], list[int]] = {}
        for i in sorted(range(len(calls)), key=rank.__getitem__):
            call = calls[i]
            for depth in range(len(call.stack) + 1):
                self._places.setdefault(_place(call, depth), []).append(i)

    def of(self, cause: int, user: int) -> list[int]:
        calls, rank = self._calls, self._rank
        via = self._flow.through(calls[cause], calls[user])
        if via is None or not via.whole:
            return []
        users = {frame[3] for frame in calls[user].stack}
        makers = {frame[3] for frame in calls[cause].stack}
        depth = next((d for d, frame in enumerate(calls[cause].stack) if frame[3] in users), len(calls[cause].stack))
        theirs = next((d for d, frame in enumerate(calls[user].stack) if frame[3] in makers), len(calls[user].stack))
        earlier = self._places[_place(calls[user], theirs)]
        since = bisect_left(earlier, rank[user], key=rank.__getitem__) - 1
        found = self._places[_place(calls[cause], depth)]
        first = bisect_right(found, rank[earlier[since]], key=rank.__getitem__) if since >= 0 else 0
        return found[first : bisect_left(found, rank[user], key=rank.__getitem__)]

    def together(self, cause: int, causes: list[int], user: int) -> list[int]:
        """All older calls of a place, if a statement has waited for several of them: those that were back before are unknown."""
        place = _place(self._calls[cause], len(self._calls[cause].stack))
        if sum(_place(self._calls[other], len(self._calls[other].stack)) == place for other in causes) < 2:
            return []
        found = self._places[place]
        return found[: bisect_left(found, self._rank[user], key=self._rank.__getitem__)]


def _place(call: Call, depth: int) -> tuple[object, ...]:
    """Where it stands, seen from `depth` functions further out: lines of the inner ones, invocations of the outer ones."""
    inner = tuple(frame[:3] for frame in call.stack[:depth])
    return call.filename, call.line, call.col, depth, inner, tuple(frame[3] for frame in call.stack[depth:])


class _Work:
    """The engine's signs of life, and what of the time between them is already accounted for."""

    def __init__(self, calls: tuple[Call, ...]) -> None:
        times = {t for call in calls for t in (call.issued, call.ended) if t is not None}
        self._times = sorted(times)
        self._until: list[float] = []
        self._sum: list[float] = [0.0]

    def split(self, base: float, at: float) -> tuple[float, float]:
        """`busy` and `lag` between a cause and an issue; issues come in the order of time."""
        before = bisect_left(self._times, at) - 1
        since = max(base, self._times[before] if before >= 0 else 0.0)
        busy = max(0.0, at - since)
        others = self._sum[bisect_right(self._until, since)] - self._sum[bisect_right(self._until, base)]
        if busy > 0:
            self._until.append(at)
            self._sum.append(self._sum[-1] + busy)
        return busy, max(0.0, since - base - others)
