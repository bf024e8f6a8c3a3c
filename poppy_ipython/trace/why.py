"""Why there was not more at once: the largest cause, from a closed list, decided from measurements only.

The rule: walk back through the run and charge every second to one cause. The walk begins with the call that ended last
and follows the last-arrival edges, as the critical path does, but through limits too; it ends at the run's beginning.

        run begins                                                                     run ends
        │  a: sent        a: ended       b: ready    b: sent            b: ended       │
        ├──┼──────────────┼──────────────┼───────────┼──────────────────┼──────────────┤
         ①       ②              ③             ④              ⑤                ⑥

 ②  a call that another one waited for: its flight is charged to that edge's reason
        data, commit → chain of dependence · branch → branch on a pending value · order → ordered resource
        unknown → unknown effect of `f` · limit, window → limit
 ④  ready, but not sent: *limit*, as far as calls to the same host were in flight in that time; else as ③
 ①③⑥ between calls: the issuer was at work. As much of it as the process used CPU is *kernel busy with Python*. What
    CPU does not explain goes to the waits of units that were recorded in that time, else to the edge's reason (a fence
    that sleeps is still the undeclared function's), else to nobody.
 ⑤  the last call's own flight is nobody's fault: something has to take the time. So a run that is one long call has no
    cause, and none is named.
 ②⑤ *server slower when busy* takes its part of a flight first: what a call took longer than its kind takes alone, if
    that is proven (`load.py`).

The cause with the most seconds wins; ties go to the one that stands first in the list below. Its line is the line with
the most seconds within it. A cause below a tenth of the run is not named: it explains nothing. *No external call seen*
comes before all of them, for a run that sent nothing.

When is it asked? Below 1.5 at once. Calls to a server that works them off one by one overlap perfectly and gain
nothing, so with a proven slowdown the number that counts is what the calls would have taken alone, divided by the span.

Decided against: adding up, over all calls, the time that each was held. Fifty calls that wait for one answer would then
outweigh a chain of ten calls that really made the run long.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from poppy_ipython.trace.critical_path import last_arrival
from poppy_ipython.trace.events import Reason, Wait
from poppy_ipython.trace.load import Slowdown, loads
from poppy_ipython.trace.trace import Call, Trace

__all__ = ["ENOUGH_AT_ONCE", "Cause", "CauseName", "charges", "why"]

CauseName = Literal[
    "no external call seen",
    "unknown effect",
    "ordered resource",
    "branch on a pending value",
    "limit",
    "server slower when busy",
    "kernel busy with Python",
    "chain of dependence",
]

ENOUGH_AT_ONCE = 1.5
_WORTH_NAMING = 0.1  # of the run

_NAME: dict[Reason, CauseName] = {
    "data": "chain of dependence",
    "commit": "chain of dependence",
    "branch": "branch on a pending value",
    "order": "ordered resource",
    "unknown": "unknown effect",
    "limit": "limit",
    "window": "limit",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause, the place that cost most, and the seconds charged to all places of this cause."""

    name: CauseName
    seconds: float
    filename: str
    line: int | None
    detail: str | None = None  # the undeclared function, the resource, the host, the slow callee
    before: bool = True  # kernel busy with Python: before that line, or after it


def why(trace: Trace) -> Cause | None:
    """The largest cause, or None if enough was at once or nothing on the list explains it.

    >>> from poppy_ipython.trace.events import CallRecord
    >>> one = CallRecord(1, "ask", line=1, issued=0, ready=0, started=0, ended=0.5, outcome="ok")
    >>> two = CallRecord(2, "ask", line=2, issued=0, ready=0.5, started=0.5, ended=0.9, cause=one, reason="data")
    >>> cause = why(Trace.of([one, two]))
    >>> cause.name, cause.line, cause.seconds
    ('chain of dependence', 2, 0.5)
    """
    if not trace.sent:
        return Cause("no external call seen", trace.wall, trace.filename or "<cell>", None)
    if trace.at_once >= ENOUGH_AT_ONCE and _gain(trace) >= ENOUGH_AT_ONCE:
        return None
    total: dict[CauseName, float] = defaultdict(float)
    places: dict[CauseName, dict[Cause, float]] = defaultdict(lambda: defaultdict(float))
    for cause in charges(trace):
        total[cause.name] += cause.seconds
        where = Cause(cause.name, 0.0, cause.filename, cause.line, cause.detail, cause.before)
        places[cause.name][where] += cause.seconds
    order = get_args(CauseName)
    name = max(total, key=lambda name: (total[name], -order.index(name)), default=None)
    if name is None or total[name] < _WORTH_NAMING * trace.wall:
        return None
    where = max(places[name], key=lambda where: places[name][where])
    return Cause(name, total[name], where.filename, where.line, where.detail, where.before)


def charges(trace: Trace) -> list[Cause]:
    """The walk: who is charged with how many seconds where, from the end of the run to its beginning."""
    load = loads(trace)
    slower = trace.slowdowns
    by_number = {call.number: call for call in trace.sent}
    found: list[Cause] = []
    working: list[tuple[float, float, Cause]] = []  # the issuer's own time; whose it is if CPU does not explain it

    def issuer(begin: float, end: float, call: Call, reason: Reason = "start", before: bool = True) -> None:
        if end > begin:
            name = _NAME.get(reason, "kernel busy with Python")
            line = call.reason_line or call.line if reason in _NAME else call.line
            working.append((begin, end, Cause(name, end - begin, call.filename, line, call.reason_detail, before)))

    call: Call | None = max(trace.sent, key=lambda call: (call.until or 0.0, call.number))
    assert call is not None
    issuer(call.until or 0.0, trace.ended, call, before=False)
    waiting: Call | None = None  # the call that waited for this one
    while call is not None:
        excess = _excess(call, slower)
        if excess > 0:
            found.append(Cause("server slower when busy", excess, call.filename, call.line, call.callee))
        if waiting is not None:
            found.append(_charge(waiting, max(0.0, call.served(waiting) - (call.started or 0.0) - excess)))
        ready, started = call.ready_at, call.started or 0.0
        held = load[call.host].busy(ready, started) if started > ready else 0.0
        if held > 0:
            found.append(Cause("limit", held, call.filename, call.line, call.host))
        cause = last_arrival(call, by_number)
        issuer(ready + held, started, call)
        issuer(cause.served(call) if cause else trace.started, ready, call, call.reason if cause else "start")
        del by_number[call.number]  # every call is charged once, even if instants name each other
        waiting, call = call, cause
    return [*found, *_working(trace, working)]


def _charge(waiting: Call, seconds: float) -> Cause:
    """Seconds for which `waiting` could not go on, charged to its edge's reason."""
    name = _NAME.get(waiting.reason, "chain of dependence")
    detail = waiting.reason_detail
    if name == "limit":
        detail = waiting.host
    elif name == "ordered resource" and detail is None:
        detail = waiting.resource
    return Cause(name, seconds, waiting.filename, waiting.reason_line or waiting.line, detail)


def _working(trace: Trace, working: list[tuple[float, float, Cause]]) -> Iterator[Cause]:
    """Split the issuer's time into what CPU explains and what it does not."""
    total = sum(end - begin for begin, end, _ in working)
    busy = min(1.0, trace.cpu / total) if total > 0 else 0.0
    waits = sorted((wait for wait in trace.waits if wait.reason in _NAME), key=lambda wait: -wait.begin)
    stalled: list[Wait] = []
    for begin, end, cause in reversed(working):  # earliest first
        line = cause.line
        yield Cause("kernel busy with Python", busy * (end - begin), cause.filename, line, None, cause.before)
        while waits and waits[-1].begin < end:
            stalled.append(waits.pop())
        stalled = [wait for wait in stalled if wait.end > begin]
        free = end - begin
        for wait in stalled:
            overlap = min(free, min(end, wait.end) - max(begin, wait.begin))
            free -= overlap
            yield Cause(_NAME[wait.reason], (1.0 - busy) * overlap, cause.filename, wait.line, wait.detail)
        if cause.name != "kernel busy with Python":
            yield Cause(cause.name, (1.0 - busy) * free, cause.filename, cause.line, cause.detail)


def _excess(call: Call, slower: dict[tuple[str, str | None], Slowdown]) -> float:
    slowdown = slower.get((call.callee, call.host))
    return 0.0 if slowdown is None else slowdown.excess(call)


def _gain(trace: Trace) -> float:
    """At once, but with every slowed call counted as long as it would have taken alone."""
    slower = trace.slowdowns
    alone = sum(call.seconds - _excess(call, slower) for call in trace.sent)
    return alone / trace.span if trace.span > 0 else 0.0
